"""Where root keys come from: every provider obeys one contract, and keeps its own kind of secret."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer
from pydantic import SecretStr

from infrastructure.bootstrap import open_store, root_keys
from infrastructure.crypto.root_key import RootEpoch, RootKeys, fingerprint
from infrastructure.crypto.root_keys.aws_kms import KmsRootKeys
from infrastructure.crypto.root_keys.environment import EnvironmentRootKeys
from infrastructure.crypto.root_keys.file import FileRootKeys
from infrastructure.crypto.root_keys.passphrase import PassphraseRootKeys
from infrastructure.errors import ConfigurationError, KeyUnavailable, RootKeyProblem
from infrastructure.settings import Settings
from tests.conftest import ROOT

STORE = uuid4()
CHEAP = 2**10  # scrypt's cost, where the cost is not what is tested
Opened = Callable[[], RootKeys]


def encoded() -> str:
    return base64.b64encode(os.urandom(32)).decode()


@pytest.fixture(scope="module")
def kms() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def kms_key(kms: str) -> str:
    key_id: str = client(kms).create_key()["KeyMetadata"]["KeyId"]
    return key_id


def client(url: str) -> boto3.client:
    known = dict.fromkeys(("aws_access_key_id", "aws_secret_access_key"), "testing")
    return boto3.client("kms", endpoint_url=url, region_name="eu-central-1", **known)


@pytest.fixture(params=["file", "passphrase", "AWS KMS"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    """Opens one provider's keys, as each process does anew; the folder is `roots`."""
    folder = tmp_path / "roots"
    match request.param:
        case "file":
            return lambda: FileRootKeys(folder)
        case "passphrase":
            return lambda: PassphraseRootKeys(folder, "correct horse", CHEAP)
        case _:
            url, key = request.getfixturevalue("kms"), request.getfixturevalue("kms_key")
            return lambda: KmsRootKeys(folder, key, lambda: client(url))


def epoch_of(secret: bytes, number: int = 1, store_id: UUID = STORE) -> RootEpoch:
    return RootEpoch(store_id, number, fingerprint(secret))


def test_a_root_key_is_random_and_every_process_is_given_the_same(opened: Opened) -> None:
    first, second = opened().create(STORE, 1), opened().create(STORE, 2)
    assert len(first) == 32
    assert first != second
    assert opened().secret(epoch_of(first)) == first == opened().create(STORE, 1)
    assert opened().secret(epoch_of(second, 2)) == second


def test_processes_that_make_an_epoch_at_once_end_with_one_key(opened: Opened) -> None:
    start, made = threading.Barrier(6), []

    def make() -> None:
        keys = opened()
        start.wait()
        made.append(keys.create(STORE, 1))

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert len(set(made)) == 1


def test_a_destroyed_root_key_is_gone_for_every_process_and_its_bytes_are_overwritten(
    opened: Opened, tmp_path: Path
) -> None:
    old, new = opened().create(STORE, 1), opened().create(STORE, 2)
    (kept,) = (tmp_path / "roots").glob("root-1.*")
    content, warm = kept.read_bytes(), opened()
    assert warm.secret(epoch_of(old)) == old
    with kept.open("rb") as still_open:
        for _ in range(2):
            opened().destroy(epoch_of(old))
        assert still_open.read() != content
    for keys in (warm, opened()):
        with pytest.raises(RootKeyProblem):
            keys.secret(epoch_of(old))
        assert keys.secret(epoch_of(new, 2)) == new


def test_a_root_key_of_another_fingerprint_is_refused(opened: Opened) -> None:
    secret = opened().create(STORE, 1)
    with pytest.raises(RootKeyProblem) as caught:
        opened().secret(RootEpoch(STORE, 1, fingerprint(os.urandom(32))))
    assert base64.b64encode(secret).decode() not in str(caught.value)


def test_an_epoch_without_a_root_key_is_a_root_key_problem(opened: Opened) -> None:
    with pytest.raises(RootKeyProblem):
        opened().secret(RootEpoch(STORE, 7, bytes(16)))


def test_what_is_kept_is_private(opened: Opened, tmp_path: Path) -> None:
    opened().create(STORE, 1)
    folder = tmp_path / "roots"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600]
    assert "0600" in opened().describe()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_root_key_that_others_may_read_is_refused(opened: Opened, tmp_path: Path, mode: int) -> None:
    secret = opened().create(STORE, 1)
    (kept,) = (tmp_path / "roots").iterdir()
    kept.chmod(mode)
    with pytest.raises(RootKeyProblem):
        opened().secret(epoch_of(secret))


def test_a_damaged_file_is_a_root_key_problem(opened: Opened, tmp_path: Path) -> None:
    secret = opened().create(STORE, 1)
    (kept,) = (tmp_path / "roots").iterdir()
    content = kept.read_bytes()
    for damaged in (b"", content[: len(content) // 2], b"\xff" * len(content)):
        kept.write_bytes(damaged)
        with pytest.raises(RootKeyProblem):
            opened().secret(epoch_of(secret))


@pytest.mark.parametrize("provider", ["passphrase", "AWS KMS"])
def test_a_wrapped_root_key_opens_for_its_own_store_and_epoch_only(
    provider: str, kms: str, kms_key: str, tmp_path: Path
) -> None:
    folder = tmp_path / "roots"
    keys: RootKeys = (
        PassphraseRootKeys(folder, "p", CHEAP)
        if provider == "passphrase"
        else KmsRootKeys(folder, kms_key, lambda: client(kms))
    )
    secret = keys.create(STORE, 1)
    with pytest.raises(RootKeyProblem):
        keys.secret(epoch_of(secret, store_id=uuid4()))
    (kept,) = folder.iterdir()
    kept.rename(kept.with_name(kept.name.replace("1", "2")))
    with pytest.raises(RootKeyProblem):
        keys.secret(epoch_of(secret, 2))
    kept.with_name(kept.name.replace("1", "2")).rename(kept)
    assert keys.secret(epoch_of(secret)) == secret


def test_a_wrong_passphrase_opens_nothing_and_makes_nothing(tmp_path: Path) -> None:
    secret = PassphraseRootKeys(tmp_path / "roots", "right", CHEAP).create(STORE, 1)
    wrong = PassphraseRootKeys(tmp_path / "roots", "wrong", CHEAP)
    with pytest.raises(RootKeyProblem) as caught:
        wrong.secret(epoch_of(secret))
    assert "wrong" not in str(caught.value)
    with pytest.raises(RootKeyProblem):
        wrong.create(STORE, 2)
    assert [path.name for path in (tmp_path / "roots").iterdir()] == ["root-1.scrypt"]


def test_a_process_derives_from_the_passphrase_once_for_all_epochs(tmp_path: Path) -> None:
    made = PassphraseRootKeys(tmp_path / "roots", "p").create(STORE, 1)
    keys = PassphraseRootKeys(tmp_path / "roots", "p")
    started = time.process_time()
    keys.secret(epoch_of(made))
    first = time.process_time() - started
    started = time.process_time()
    for number in range(2, 6):
        keys.secret(epoch_of(keys.create(STORE, number), number))
    assert time.process_time() - started < first
    assert first > 0.1


def test_kms_that_refuses_and_kms_that_does_not_answer_are_told_apart(
    kms: str, kms_key: str, tmp_path: Path
) -> None:
    secret = KmsRootKeys(tmp_path / "roots", kms_key, lambda: client(kms)).create(STORE, 1)
    with pytest.raises(RootKeyProblem, match="NotFoundException"):
        KmsRootKeys(tmp_path / "roots", str(uuid4()), lambda: client(kms)).secret(epoch_of(secret))
    nobody = KmsRootKeys(tmp_path / "roots", kms_key, lambda: client("http://127.0.0.1:1"))
    with pytest.raises(KeyUnavailable) as caught:
        nobody.secret(epoch_of(secret))
    assert not isinstance(caught.value, RootKeyProblem)


@pytest.mark.parametrize("text", ["", "short", "!" * 44, "ü" * 44, base64.b64encode(b"x" * 31).decode()])
def test_a_root_key_is_thirty_two_bytes_in_base64(text: str) -> None:
    with pytest.raises(RootKeyProblem) as caught:
        EnvironmentRootKeys(text)
    assert not text or text not in str(caught.value)


def test_a_given_root_key_is_known_by_its_fingerprint_while_it_is_replaced() -> None:
    old, new = encoded(), encoded()
    (was, now) = (base64.b64decode(each) for each in (old, new))
    both = EnvironmentRootKeys(new, old)
    assert both.secret(epoch_of(was, 1)) == was
    assert both.create(STORE, 2) == both.secret(epoch_of(now, 2)) == now
    with pytest.raises(RootKeyProblem, match="LIFELEDGER_ROOT_KEY_PREVIOUS"):
        EnvironmentRootKeys(new).secret(epoch_of(was, 1))


def test_a_given_root_key_is_not_destroyed_while_it_is_given() -> None:
    old, new = encoded(), encoded()
    epoch = epoch_of(base64.b64decode(old))
    with pytest.raises(RootKeyProblem, match="remove LIFELEDGER_ROOT_KEY_PREVIOUS"):
        EnvironmentRootKeys(new, old).destroy(epoch)
    EnvironmentRootKeys(new).destroy(epoch)


def test_a_store_opens_with_the_key_of_each_provider_and_with_no_other(
    settings: Settings, kms: str, kms_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL_KMS": kms, "AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "t", "AWS_SECRET_ACCESS_KEY": "t",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    by_kms = settings.model_copy(update={"root_key_kms": kms_key})
    with open_store(by_kms) as store:
        person = store.register("kim", "kim@example.org")
    with open_store(by_kms) as store:
        assert store.person("kim") == person
    for other in ({"root_key": SecretStr(encoded())}, {"root_passphrase": SecretStr("p")}, {}):
        with pytest.raises(RootKeyProblem):
            open_store(settings.model_copy(update=other))


@pytest.mark.parametrize(
    "given",
    [
        {"root_key": SecretStr(encoded()), "root_passphrase": SecretStr("p")},
        {"root_key_kms": "alias/one", "root_passphrase": SecretStr("p")},
        {"root_key_previous": SecretStr(encoded())},
    ],
)
def test_settings_that_name_two_origins_are_refused(settings: Settings, given: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        root_keys(settings.model_copy(update=given))


def test_the_command_line_loads_no_provider_it_does_not_use() -> None:
    script = (
        "import sys, infrastructure.cli.app;"
        "print([each for each in ('boto3', 'botocore', 'pyrage', 'infrastructure.crypto.rotation') if each in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
