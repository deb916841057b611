"""Mails about mails, as mail servers write them: what of them counts, and what is not believed."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging.domain.deliveries import Act
from messaging.domain.links import Links, Reference
from messaging.domain.returned import MOST_BYTES, NoReport, for_good, read_mail
from messaging.domain.webhooks import Told

LINKS = Links("l" * 32)
OURS = Reference("demo", "c-1", "promotional", "launch-1", "hello", 1)
REF = LINKS.token(OURS)
ANN = "ann@example.org"
PROOF = LINKS.proof(REF, ANN)
SAMPLES = {path.stem: path.read_text() for path in (Path(__file__).parent / "returned").glob("*.eml")}


def mail(name: str, **replaced: str) -> bytes:
    """That sample, its lines as they travel. `replaced`: values of fields."""
    text = SAMPLES[name].replace("REF", REF).replace("PROOF", PROOF)
    for field, value in replaced.items():
        name = field.replace("_", "-")
        lines = [f"{name}: {value}" if line.startswith(f"{name}: ") else line for line in text.split("\n")]
        text = "\n".join(lines)
    return text.replace("\n", "\r\n").encode()


def only(raw: bytes) -> Told:
    [told] = read_mail(raw, LINKS.proven)
    return told


def counted(told: Told) -> tuple[Reference | None, Act | None]:
    return LINKS.read(told.ref or ""), told.act


@pytest.mark.parametrize(
    ("name", "act", "detail", "recipient"),
    [
        ("postfix", Act.BOUNCE, "5.1.1", ANN),
        ("exchange", Act.BOUNCE, "5.1.10", ANN),
        ("gmail", Act.BOUNCE, "5.1.1", ANN),
        ("delayed", None, None, ANN),
        ("complaint", Act.COMPLAIN, "abuse", None),
    ],
)
def test_the_mail_that_came_back_is_known_by_its_reference(
    name: str, act: Act | None, detail: str | None, recipient: str | None
) -> None:
    told = only(mail(name))
    assert (*counted(told), told.detail, told.recipient) == (OURS, act, detail, recipient)
    assert only(mail(name).replace(b"\r\n", b"\n")) == told


@pytest.mark.parametrize(
    ("action", "status", "act"),
    [
        ("failed", "5.0.0", Act.BOUNCE),
        ("Failed", "5.4.4", Act.BOUNCE),
        ("failed (bad mailbox)", "5.1.1 (unknown)", Act.BOUNCE),
        ("failed", "4.4.7", None),
        ("failed", "5.2.2", None),
        ("failed", "5.7.1", None),
        ("delayed", "5.1.1", None),
        ("delivered", "2.0.0", Act.DELIVER),
        ("relayed", "2.0.0", None),
        ("expanded", "2.0.0", None),
        ("lost", "5.1.1", None),
    ],
)
def test_only_what_failed_for_good_is_a_bounce(action: str, status: str, act: Act | None) -> None:
    assert only(mail("postfix", Action=action, Status=status)).act == act


@pytest.mark.parametrize(
    ("diagnosis", "good"),
    [("smtp; 550 5.1.1 nobody", True), ("smtp; 550 nobody", True), ("smtp; 452 full", False), ("x-unix; 67", False)],
)
def test_without_a_status_the_other_servers_word_counts(diagnosis: str, good: bool) -> None:
    raw = mail("exchange", Status="unknown", Diagnostic_Code=diagnosis)
    assert (only(raw).act is Act.BOUNCE) == good


def test_each_recipient_is_told_of() -> None:
    second = b"\r\nFinal-Recipient: rfc822; list@example.org\r\nAction: delayed\r\nStatus: 4.2.0\r\n"
    raw = mail("gmail").replace(
        b"\r\n--0000000000003f0b8c0612a5d001\r\nContent-Type: message/rfc822",
        second + b"\r\n--0000000000003f0b8c0612a5d001\r\nContent-Type: message/rfc822",
    )
    assert [told.act for told in read_mail(raw, LINKS.proven)] == [Act.BOUNCE, None]


def test_reports_about_addresses_in_other_letters_are_read_too() -> None:
    """RFC 6533."""
    raw = mail("postfix").replace(b"message/delivery-status", b"message/global-delivery-status")
    raw = raw.replace(b"Content-Type: message/rfc822", b"Content-Type: message/global")
    assert counted(only(raw)) == (OURS, Act.BOUNCE)
    raw = mail("delayed", Action="failed", Status="5.1.6")
    raw = raw.replace(b"text/rfc822-headers", b"message/global-headers")
    assert counted(only(raw)) == (OURS, Act.BOUNCE)


def test_the_headers_that_came_back_may_be_encoded() -> None:
    headers = b"RnJvbTogQWNtZQ0KWC1TbGlwd2F5LVJlZjogeHg=\r\n"  # From: Acme, X-Slipway-Ref: xx
    start, _, _ = mail("delayed").partition(b"Content-Type: text/rfc822-headers")
    raw = start + b"Content-Type: text/rfc822-headers\r\nContent-Transfer-Encoding: base64\r\n\r\n" + headers
    assert only(raw).ref == "xx"


def test_a_report_within_another_mail_counts_but_not_one_that_came_back() -> None:
    wrapped = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="w"\r\n\r\n--w\r\n\r\nfyi\r\n--w\r\n'
    assert counted(only(wrapped + mail("gmail") + b"\r\n--w--\r\n")) == (OURS, Act.BOUNCE)
    forwarded = wrapped + b"Content-Type: message/rfc822\r\n\r\n" + mail("gmail") + b"\r\n--w--\r\n"
    with pytest.raises(NoReport, match="no multipart/report"):
        read_mail(forwarded, LINKS.proven)


def test_an_address_counts_only_if_our_mail_went_there() -> None:
    """Anybody can write one into such a mail."""
    whole = mail("postfix")
    assert only(whole.replace(b"To: ann@", b"To: Ann <ANN@").replace(b".org\r\nSubject", b".org>\r\nSubject")).recipient
    assert only(whole.replace(b"rfc822; ann@example.org", b"rfc822; else@example.com")).recipient == ANN
    for raw in (
        whole.replace(b"To: ann@example.org", b"To: bob@example.org"),
        whole.replace(b"To: ann@example.org\r\n", b""),
        whole.replace(PROOF.encode(), LINKS.proof(REF, "bob@example.org").encode()),
        whole.replace(b"X-Slipway-To", b"X-Other"),
    ):
        assert (counted(only(raw)), only(raw).recipient) == ((OURS, Act.BOUNCE), None)


def test_what_names_no_mail_of_ours_is_nobodys() -> None:
    for raw in (
        mail("postfix").replace(b"X-Slipway-Ref", b"X-Other-Ref"),
        mail("postfix").replace(REF.encode(), b"x" * 20_000),
        mail("postfix").replace(REF.encode(), Links("x" * 32).token(OURS).encode()),
        mail("postfix").replace(REF.encode(), "ü\0".encode()),
        mail("postfix").partition(b"Content-Description: Undelivered Message")[0],
    ):
        assert counted(only(raw)) == (None, Act.BOUNCE)


def test_a_reference_outside_the_mail_that_came_back_is_not_believed() -> None:
    raw = mail("postfix").replace(b"X-Slipway-Ref", b"X-Other-Ref")
    assert counted(only(f"X-Slipway-Ref: {REF}\r\n".encode() + raw))[0] is None


def test_what_is_no_complaint_changes_nothing() -> None:
    assert only(mail("complaint", Feedback_Type="not-spam")).act is None
    assert only(mail("complaint", Feedback_Type="fraud")).act is Act.COMPLAIN


def test_a_mail_that_says_that_one_was_read_says_nothing() -> None:
    raw = mail("postfix").replace(b"message/delivery-status", b"message/disposition-notification")
    assert read_mail(raw, LINKS.proven) == []


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no multipart/report"),
        (b"\xff\xfe\x00", "no multipart/report"),
        (b"Subject: I am on holiday\r\n\r\nBack on Monday", "no multipart/report"),
        (b"Content-Type: multipart/report\r\n\r\n", "neither"),
        (b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\n\r\nsorry\r\n--x--\r\n", "neither"),
        (mail("postfix").replace(b"Action: ", b"Fraction: "), "neither"),
        (b"Content-Type: message/rfc822\r\n\r\n" * 9_000, "no multipart/report|too many parts"),
        (
            b"".join(b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(99)),
            "too many",
        ),
    ],
)
def test_what_is_no_report_is_refused_with_what_is_missing(raw: bytes, why: str) -> None:
    with pytest.raises(NoReport, match=why):
        read_mail(raw, LINKS.proven)


@pytest.mark.parametrize(
    "given",
    [
        "boundary*=x; boundary*0=w",  # both whole and in pieces
        f"boundary*{'9' * 5000}=w",  # a piece of a number that Python does not read
        "boundary*=\0'en'w",  # no name of a character set
    ],
)
def test_parameters_that_contradict_themselves_are_refused(given: str) -> None:
    raw = f"Content-Type: multipart/report; {given}\r\n\r\n--w\r\n\r\n--w--\r\n"
    with pytest.raises(NoReport, match="cannot be read"):
        read_mail(raw.encode(), LINKS.proven)


def test_of_texts_for_people_no_character_set_matters() -> None:
    text = "--{}\r\nContent-Type: text/plain; charset*=us-ascii''iso-8859-1\r\n\r\nHällo\r\n--{}\r\n"
    edge = b"0000000000003f0b8c0612a5d001"
    first = b"--" + edge + b"\r\n"
    raw = mail("gmail").replace(first, text.replace("{}", edge.decode()).encode("latin-1"), 1)
    assert counted(only(raw)) == (OURS, Act.BOUNCE)


def test_a_large_mail_costs_no_more_than_its_head() -> None:
    assert counted(only(mail("postfix") + b"x" * 10_000_000)) == (OURS, Act.BOUNCE)
    start = time.process_time()
    edges = b"".join(b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(20))
    with pytest.raises(NoReport):
        read_mail(edges + b"\n" * MOST_BYTES, LINKS.proven)
    assert time.process_time() - start < 10


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_whatever_a_stranger_writes_is_read_or_refused(name: str, data: st.DataObject) -> None:
    raw = bytearray(mail(name))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw)))
        end = min(len(raw), at + data.draw(st.integers(0, 300)))
        raw[at:end] = data.draw(st.one_of(st.binary(max_size=60), st.just(bytes(raw[: end - at]))))
    try:
        told = read_mail(bytes(raw), LINKS.proven)
    except NoReport:
        return
    assert all(LINKS.read(each.ref or "") in (OURS, None) for each in told)


def test_what_is_for_good() -> None:
    assert [status for status in ("", "2.0.0", "4.1.1", "5.1.1", "5.2.2", "5.7.26", "5.5.0") if for_good(status)] == [
        "5.1.1",
        "5.5.0",
    ]
