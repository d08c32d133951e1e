"""What a vCard says of somebody, and how it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.communication.contact_terms import (
    Anniversary,
    ContactEmail,
    ContactKind,
    ContactName,
    ContactPhone,
    Identity,
    Membership,
    Occasion,
    PartialDate,
    PostalAddress,
    Relation,
    Relationship,
)
from infrastructure.importers.draft import Refused
from tests.importers.address_books import card, cards, only


def test_name_is_kept_whole_and_in_parts(tmp_path: Path) -> None:
    found = only(
        tmp_path,
        "FN:Dr. Ada B. King\\, Jr.",
        "N;SORT-AS=King:King;Ada;Bea,Cleo;Dr.;Jr.,M.Sc.",
        "X-PHONETIC-FIRST-NAME:Ay-da",
    )
    assert found.arguments["name"] == ContactName(
        full="Dr. Ada B. King, Jr.",
        prefix="Dr.",
        given="Ada",
        additional="Bea Cleo",
        family="King",
        suffix="Jr. M.Sc.",
        phonetic_given="Ay-da",
        sort_as="King",
    )


@pytest.mark.parametrize(
    ("line", "full"),
    [
        ("N:King;Ada;;Dr.;", "Dr. Ada King"),
        ("ORG:Analytical Engines;Cards", "Analytical Engines"),
        ("NICKNAME:Countess,Bird", "Countess"),
        ("EMAIL:ada@example.org", "ada@example.org"),
        ("TEL:+44 20 7946 0018", "+44 20 7946 0018"),
    ],
)
def test_card_without_a_full_name_takes_what_else_it_has(tmp_path: Path, line: str, full: str) -> None:
    assert only(tmp_path, "FN: ", "N:;;;;" if line[0] != "N" else "", line).arguments["name"].full == full


def test_card_that_names_nobody_is_refused(tmp_path: Path) -> None:
    assert cards(tmp_path, "BEGIN:VCARD\nNOTE:who?\nEND:VCARD\n") == [Refused("no_name")]


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (("KIND:group",), ContactKind.GROUP),
        (("KIND:location",), ContactKind.LOCATION),
        (("X-ABShowAs:COMPANY",), ContactKind.ORG),
        (("N:;;;;", "ORG:Ada"), ContactKind.ORG),
        (("N:King;Ada;;;", "ORG:Ada"), ContactKind.INDIVIDUAL),
        (("X-ADDRESSBOOKSERVER-KIND:group",), ContactKind.GROUP),
    ],
)
def test_firms_and_groups_are_told_from_people(
    tmp_path: Path, lines: tuple[str, ...], kind: ContactKind
) -> None:
    assert card(tmp_path, *lines)["kind"] is kind


def test_mail_addresses_are_kept_with_label_and_preference(tmp_path: Path) -> None:
    found = card(
        tmp_path,
        "EMAIL;INTERNET;HOME:ada@example.org",
        "email;type=work;type=PREF:mailto:ada@work.example.org",
        "item1.EMAIL:Ada King <boat@example.org>",
        "item1.X-ABLabel:_$!<Boat>!$_",
        "EMAIL:not an address",
        "EMAIL:",
    )
    assert found["emails"] == (
        ContactEmail("ada@example.org", "home"),
        ContactEmail("ada@work.example.org", "work", preferred=True),
        ContactEmail("boat@example.org", "Boat"),
        ContactEmail("not an address"),
    )


def test_numbers_are_kept_with_label_and_in_international_form(tmp_path: Path) -> None:
    found = card(
        tmp_path,
        "TEL;CELL;VOICE:+49 (0)30 23125-014",
        'TEL;VALUE=uri;TYPE="work,voice";PREF=2:tel:+1-617-555-0142;ext=31',
        "TEL;TYPE=fax,home;PREF=1:030 23125 015",
        "TEL;TYPE=x-boat:+49 30 TAXI",
        "TEL:+1 (617) 555-0143 x31",
        "TEL:+351 21 000 0000,,123#",
        "TEL:",
    )
    assert found["phones"] == (
        ContactPhone("+49 (0)30 23125-014", "mobile", e164="+493023125014"),
        ContactPhone("+1-617-555-0142 ext. 31", "work", e164="+16175550142"),
        ContactPhone("030 23125 015", "home fax", preferred=True),
        ContactPhone("+49 30 TAXI", "boat"),
        ContactPhone("+1 (617) 555-0143 x31", e164="+16175550143"),
        ContactPhone("+351 21 000 0000,,123#", e164="+351210000000"),
    )


def test_postal_addresses_are_kept_with_label_text_and_position(tmp_path: Path) -> None:
    found = card(
        tmp_path,
        "item1.ADR;TYPE=HOME:Box 1;;Lindenstraße 12;Potsdam;Brandenburg;14467;Germany",
        "item1.X-ABADR:de",
        'ADR;TYPE=work;TYPE=pref;GEO="geo:42.35,-71.05";LABEL="81 Wharf Street\\nBoston":;;81 Wharf Street;Boston',
        "LABEL;HOME:Lindenstraße 12\\n14467 Potsdam",
        "ADR:;;;;;;",
    )
    assert found["addresses"] == (
        PostalAddress(
            "work",
            "81 Wharf Street",
            "Boston",
            full="81 Wharf Street\nBoston",
            latitude=42.35,
            longitude=-71.05,
        ),
        PostalAddress(
            "home",
            "Box 1\nLindenstraße 12",
            "Potsdam",
            "Brandenburg",
            "14467",
            "Germany",
            "DE",
            "Lindenstraße 12\n14467 Potsdam",
        ),
    )


def test_address_with_a_code_that_no_country_has_comes_without_it(tmp_path: Path) -> None:
    (address,) = card(tmp_path, "ADR;CC=uk:;;;Leeds;;;United Kingdom")["addresses"]
    assert address == PostalAddress(locality="Leeds", country="United Kingdom")


def test_position_of_the_card_is_that_of_its_address(tmp_path: Path) -> None:
    (address,) = card(tmp_path, "GEO:52.5;13.4")["addresses"]
    assert address == PostalAddress(latitude=52.5, longitude=13.4)
    (address,) = card(tmp_path, "ADR:;;;Berlin", "GEO:geo:52.5,13.4")["addresses"]
    assert (address.locality, address.latitude) == ("Berlin", 52.5)


def test_second_department_of_an_organisation_is_kept_in_the_notes(tmp_path: Path) -> None:
    found = card(tmp_path, "ORG:Acme;Sales", "ORG:Initech", "ORG:Acme;IT;Desk", "ORG:Acme;Sales", "NOTE:Hi")
    assert found["organizations"] == (Membership("Acme", ("Sales",)), Membership("Initech"))
    assert found["notes"] == "Hi\n\nOrganization: Acme, IT, Desk"


def test_messengers_and_profiles_become_identities(tmp_path: Path) -> None:
    found = card(
        tmp_path,
        "IMPP;TYPE=home:xmpp:ada%40example.org",
        "IMPP;X-SERVICE-TYPE=Skype:skype:ada.k",
        "X-ICQ:12345",
        "X-SOCIALPROFILE;type=twitter;x-user=ada:http://twitter.com/ada",
        "SOCIALPROFILE;SERVICE-TYPE=Mastodon:https://social.example.org/@ada",
    )
    assert found["identities"] == (
        Identity("jabber", "ada@example.org"),
        Identity("skype", "ada.k"),
        Identity("icq", "12345"),
        Identity("twitter", "ada"),
        Identity("mastodon", "https://social.example.org/@ada"),
    )


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("BDAY:1985-04-12", PartialDate(4, 12, 1985)),
        ("BDAY:19850412T231500Z", PartialDate(4, 12, 1985)),
        ("BDAY:--0412", PartialDate(4, 12)),
        ("BDAY;VALUE=text:--04-12", PartialDate(4, 12)),
        ("BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-29", PartialDate(2, 29)),
        ("BDAY:0000-04-12", PartialDate(4, 12)),
    ],
)
def test_birthday_is_known_by_day_and_month_at_least(tmp_path: Path, line: str, day: PartialDate) -> None:
    assert card(tmp_path, line)["anniversaries"] == (Anniversary(Occasion.BIRTH, day),)


@pytest.mark.parametrize("text", ["1985-04", "1985", "---12", "circa 1800", "1985-02-30"])
def test_birthday_that_is_no_day_is_kept_in_words(tmp_path: Path, text: str) -> None:
    found = card(tmp_path, "NOTE:Likes tea", f"BDAY;VALUE=text:{text}")
    assert (found["anniversaries"], found["notes"]) == ((), f"Likes tea\n\nBirthday: {text}")


def test_other_days_are_kept_by_their_label(tmp_path: Path) -> None:
    found = card(
        tmp_path,
        "DEATHDATE:18521127",
        "item1.X-ABDATE:1835-07-08",
        "item1.X-ABLabel:_$!<Anniversary>!$_",
        "item2.X-ABDATE:1843-09-01",
        "item2.X-ABLabel:Notes published",
    )
    assert [(each.occasion, each.label) for each in found["anniversaries"]] == [
        (Occasion.DEATH, None),
        (Occasion.WEDDING, None),
        (Occasion.OTHER, "Notes published"),
    ]


def test_others_are_kept_by_name(tmp_path: Path) -> None:
    found = card(
        tmp_path,
        "item1.X-ABRELATEDNAMES:William",
        "item1.X-ABLabel:_$!<Spouse>!$_",
        "RELATED;TYPE=friend;VALUE=text:Charles",
        "RELATED;TYPE=friend:urn:uuid:03a0e51f-d1aa-4385-8a53-e29025acd8af",
        "X-ASSISTANT:Luigi",
    )
    assert found["relationships"] == (
        Relationship(Relation.FRIEND, name="Charles"),
        Relationship(Relation.SPOUSE, name="William"),
        Relationship(Relation.OTHER, name="Luigi"),
    )
    assert found["notes"] == "Assistant: Luigi"


def test_what_android_keeps_apart_is_read(tmp_path: Path) -> None:
    found = card(
        tmp_path,
        "X-ANDROID-CUSTOM:vnd.android.cursor.item/nickname;Bird;1;;;;;;;;;;;;;",
        "X-ANDROID-CUSTOM:vnd.android.cursor.item/contact_event;1835-07-08;1;;;",
        "X-ANDROID-CUSTOM:vnd.android.cursor.item/contact_event;1843-09-01;0;Notes;;",
        "X-ANDROID-CUSTOM:vnd.android.cursor.item/relation;William;14;;;",
    )
    assert found["nicknames"] == ("Bird",)
    assert [each.label for each in found["anniversaries"]] == [None, "Notes"]
    assert found["relationships"] == (Relationship(Relation.SPOUSE, name="William"),)


def test_labels_of_android_are_read(tmp_path: Path) -> None:
    found = card(
        tmp_path,
        "TEL;X-CUSTOM(CHARSET=UTF-8,ENCODING=QUOTED-PRINTABLE,=D0=94=D0=B0=D1=87=D0=B0):030 1",
        "TEL;X-CUSTOM(Boat house):030 2",
    )
    assert [each.label for each in found["phones"]] == ["Дача", "boat house"]


def test_the_rest_of_a_card_is_kept(tmp_path: Path) -> None:
    draft = only(
        tmp_path,
        "FN:Ada",
        "ORG:;Cards;Proofs",
        "ORG:Royal Society",
        "TITLE:Countess",
        "ROLE:Programmer",
        "GENDER:O;enchantress",
        "PRONOUNS:she/her",
        "LANG:en-GB",
        "LANG:nonsense language",
        "TZ:-0500",
        "URL:http\\://ada.example.org",
        "HOBBY:Flying",
        "NOTE:First.\\nSecond\\; third.",
        "CATEGORIES:science\\, math",
        "CATEGORIES:friends,science",
    )
    found = draft.arguments
    assert found["organizations"] == (Membership("Cards", ("Proofs",)), Membership("Royal Society"))
    assert (found["titles"], found["roles"], found["languages"]) == (
        ("Countess",),
        ("Programmer",),
        ("en-GB",),
    )
    assert (found["gender_identity"], found["pronouns"]) == ("enchantress", ("she/her",))
    assert (found["timezone"], found["urls"]) == ("Etc/GMT+5", ("http://ada.example.org",))
    assert found["notes"] == "First.\nSecond; third.\n\nHobby: Flying"
    assert draft.tags == ("science", "math", "friends")
