"""Bodies of mail: text, HTML, attachments, encryption."""

from __future__ import annotations

import pytest

from domain.communication.email_terms import Disposition, MailCrypto
from tests.importers.mail_messages import HEAD, Write, multipart, part, said

HTML = part("Content-Type: text/html", "<p>in <b>html</b></p>")
PLAIN = part("Content-Type: text/plain", "in plain")


def test_plain_text_is_preferred_to_html(write: Write) -> None:
    found = said(write(multipart("alternative", HTML, PLAIN)))
    assert (found["text_body"], found["has_html"]) == ("in plain", True)


def test_html_is_read_where_the_plain_text_is_empty(write: Write) -> None:
    found = said(write(multipart("alternative", part("", " "), HTML)))
    assert found["text_body"] == "in html"


def test_text_in_one_more_form_is_no_attachment_and_an_invitation_is(write: Write) -> None:
    enriched = part("Content-Type: text/enriched", "<bold>x</bold>")
    invitation = part("Content-Type: text/calendar", "BEGIN:VCALENDAR")
    found = said(write(multipart("alternative", PLAIN, enriched, invitation)))
    assert [item.media_type for item in found["attachments"]] == ["text/calendar"]


def test_footer_in_plain_text_does_not_displace_a_message_in_html(write: Write) -> None:
    assert said(write(multipart("mixed", HTML, PLAIN)))["text_body"] == "in html\n\nin plain"


def test_unclosed_multipart_is_read_to_the_end(write: Write) -> None:
    assert said(write(multipart("mixed", PLAIN, closed=False)))["text_body"] == "in plain"


def test_multipart_without_its_boundary_is_read_as_text(write: Write) -> None:
    assert said(write(HEAD + b"Content-Type: multipart/mixed; boundary=x\n\nHello"))["text_body"] == "Hello"


def test_html_becomes_readable_text(write: Write) -> None:
    markup = (
        "<html><head><title>t</title><style>p > b {}</style></head><body><!-- c > d --><h1>Due</h1>"
        "<p>Dear&nbsp;reader,<br>two <a href=\"x>y\" title='a'>books</a>&#33;</p><script>if (a < b) {}</script>"
        "<ul><li>One<li>Two</ul><p>\u200c \u034f 3 < 4 &amp; so on</body>"
    )
    found = said(write(HEAD + b"Content-Type: text/html; charset=utf-8\n\n" + markup.encode()))
    assert found["text_body"] == "Due\n\nDear reader,\ntwo books!\n\n- One\n- Two\n\n3 < 4 & so on"


@pytest.mark.parametrize(
    ("headers", "body", "text"),
    [
        (b"Content-Type: text/plain; charset=iso-8859-1", b"Gr\xfc\xdfe", "Grüße"),
        (b"Content-Type: text/plain; charset=us-ascii", "Grüße".encode(), "Grüße"),
        (b"Content-Type: text/plain; charset=utf-8", b"Gr\xfc\xdfe", "Grüße"),
        (b"Content-Type: text/plain; charset=nonsense", "Grüße".encode(), "Grüße"),
        (b"Content-Type: text/plain; charset=hex", b"414243", "414243"),
        (b"Content-Type: broken", b"text", "text"),
        (b"Content-Transfer-Encoding: base64", b"SGFs\n!bG8", "Hallo"),
        (b"Content-Transfer-Encoding: Quoted-Printable;", b"a=\n=C3=BC=zz", "aü=zz"),
        (b"Content-Transfer-Encoding: 7-bit", b"a=20", "a=20"),
        (b"X: y", b"a\x00b\r\nc", "ab\nc"),
    ],
)
def test_text_is_decoded(write: Write, headers: bytes, body: bytes, text: str) -> None:
    assert said(write(HEAD + headers + b"\n\n" + body))["text_body"] == text


META = '<meta charset="windows-1251">'


@pytest.mark.parametrize(
    ("header", "markup", "charset", "text"),
    [
        ("", META, "cp1251", "Привет"),
        ("", "<META http-equiv=Content-Type content='text/html; charset=koi8-r'>", "koi8-r", "Привет"),
        ("", f"<!-- <meta charset=koi8-r> -->{META}", "cp1251", "Привет"),
        ("", f"<meta name='description' content='charset=koi8-r'>{META}", "cp1251", "Привет"),
        ("", "<meta charset=utf-16>", "utf-8", "Привет"),
        ("", "<meta charset=nonsense>", "utf-8", "Привет"),
        ("", "<meta charset='x-sjis'>", "cp932", "①"),
        ("", "<meta charset='&#0;é'>", "utf-8", "Привет"),
        ("; charset=koi8-r", META, "koi8-r", "Привет"),
        ("", " " * 1024 + META, "cp1252", "Grüße"),
        ("", META, "utf-16", "Привет"),
    ],
)
def test_charset_of_html_stands_in_its_own_head_where_the_part_names_none(
    write: Write, header: str, markup: str, charset: str, text: str
) -> None:
    body = f"<html><head>{markup}</head><body>{text}</body></html>".encode(charset)
    assert said(write(HEAD + f"Content-Type: text/html{header}\n\n".encode() + body))["text_body"] == text


def test_charset_in_tags_of_plain_text_is_none(write: Write) -> None:
    body = f"{META} Grüße".encode("cp1252")
    assert said(write(HEAD + b"Content-Type: text/plain\n\n" + body))["text_body"] == f"{META} Grüße"


def test_attachments_are_listed_with_their_place_and_size(write: Write) -> None:
    data = multipart(
        "mixed",
        PLAIN,
        part(
            'Content-Type: image/png; name="../a\u202e.png"\nContent-ID: <i@x>\nContent-Transfer-Encoding: base64',
            "AAAA\nAAA=",
        ),
        part(
            "Content-Type: text/plain\nContent-Disposition: attachment;\n filename*0*=utf-8''%C3%BC;\n filename*1=.txt",
            "12345",
        ),
        part("Content-Type: message/rfc822", "Subject: inner\n\nx"),
    )
    found = said(write(data))
    assert found["text_body"] == "in plain"
    assert [
        (item.part_id, item.filename, item.media_type, item.size, item.content_id, item.disposition)
        for item in found["attachments"]
    ] == [
        ("2", "a.png", "image/png", 5, "i@x", Disposition.INLINE),
        ("3", "ü.txt", "text/plain", 5, None, Disposition.ATTACHMENT),
        ("4", "", "message/rfc822", 17, None, Disposition.ATTACHMENT),
    ]


@pytest.mark.parametrize(
    ("head", "encryption", "signature"),
    [
        (
            b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data",
            MailCrypto.SMIME,
            MailCrypto.NONE,
        ),
        (b"Content-Type: application/pkcs7-mime; smime-type=signed-data", MailCrypto.NONE, MailCrypto.SMIME),
        (b"Content-Type: multipart/encrypted; boundary=b", MailCrypto.PGP, MailCrypto.NONE),
        (b"X: y\n\n-----BEGIN PGP MESSAGE-----", MailCrypto.PGP, MailCrypto.NONE),
        (b"X: y\n\n-----BEGIN PGP SIGNED MESSAGE-----", MailCrypto.NONE, MailCrypto.PGP),
    ],
)
def test_encryption_and_signature_are_noticed(
    write: Write, head: bytes, encryption: MailCrypto, signature: MailCrypto
) -> None:
    found = said(write(HEAD + head + b"\n\n--b\n\nx\n"))
    assert (found["encryption"], found["signature"]) == (encryption, signature)


def test_text_too_long_is_cut(write: Write) -> None:
    assert len(said(write(HEAD + b"\n" + b"word " * 300_000))["text_body"]) == 1_000_000


@pytest.mark.parametrize(
    ("more", "body", "text"),
    [
        ("", "Dear Lena,\n\nthe garlic \nis in.\n", "Dear Lena,\n\nthe garlic is in."),
        ("", "> the garlic \n> is in\n>> where? \nHere.\n", "> the garlic is in\n>> where?\nHere."),
        ("", " From here\n >no quotation\n", "From here\n>no quotation"),
        ("", "so \n-- \nLena\n", "so \n-- \nLena"),
        ("; delsp=yes", "ニンニ \nクです\n", "ニンニクです"),
        ("; delsp=no", "ends \n", "ends "),
    ],
)
def test_flowed_lines_become_the_paragraphs_they_were(write: Write, more: str, body: str, text: str) -> None:
    head = f"Content-Type: text/plain; charset=utf-8; format=flowed{more}\n\n".encode()
    assert said(write(HEAD + head + body.encode()))["text_body"] == text
