"""contacts over HTTP, as console forwards it."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import httpx
import orjson
import pytest
from fastapi import Depends, FastAPI

from contacts.adapters.contacts import PostgresContacts
from contacts.adapters.reading import PostgresReading
from contacts.api import Doors, build_routes
from contracts.launches import Contacts
from integration.contacts.world import PROJECT, World, requested, scenario, user
from runtime.auth import Caller, mint
from runtime.bodies import demand_readable
from runtime.problems import install
from runtime.settings import Settings
from runtime.web import operations

TOKEN_KEY = "t" * 32
NDJSON = {"content-type": "application/x-ndjson"}


class Client:
    """Calls as somebody with these grants; checks that refusals are problems with a remedy. `headers`: of the last
    answer."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.headers = httpx.Headers()

    async def __call__(
        self,
        method: str,
        path: str,
        *,
        expect: int = 200,
        project: str = PROJECT,
        grants: tuple[str, ...] = (),
        below: str = "/v1",
        **how: Any,
    ) -> Any:
        token = mint(Caller(project, "bob", frozenset(grants or ("view", "contacts:write"))), TOKEN_KEY)
        headers = {"Authorization": f"Bearer {token}", **how.pop("headers", {})}
        answer = await self._http.request(method, f"{below}{path}", headers=headers, **how)
        assert answer.status_code == expect, answer.text
        self.headers = answer.headers
        if answer.is_error:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["remedy"]
        ndjson = answer.headers.get("content-type") == "application/x-ndjson"
        return answer.text if ndjson else answer.json() if answer.content else None

    async def load(self, *contacts: dict[str, Any], **how: Any) -> Any:
        return await self("POST", "/contacts", content=b"\n".join(map(orjson.dumps, contacts)), headers=NDJSON, **how)


@pytest.fixture
async def call(world: World) -> AsyncIterator[Client]:
    app = FastAPI(dependencies=[Depends(demand_readable)])
    app.state.settings = Settings(token_key=TOKEN_KEY)
    install(app)
    doors = Doors(
        transaction=world.request,
        reading=PostgresReading(world.walled_pool),
        imports=world.imports,
        writer=world.writer,
        suppressing=world.suppressing,
        counting=world.counting,
        groups=PostgresContacts,
    )
    app.include_router(build_routes(doors))
    app.include_router(operations(SimpleNamespace(walled_pool=world.pool)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://contacts") as http:
        yield Client(http)


async def test_import_takes_good_lines_and_tells_bad_ones(world: World, call: Client) -> None:
    body = b'{"id":"a","email":"a@example.com"}\nnonsense\n\n{"id":"b","email":"a b"}\n{"id":"a","active":false}\n\xff'
    answer = await call("POST", "/contacts", params={"first_line": 11}, content=body, headers=NDJSON)
    assert answer["imported"] == 2 and answer["repeated"] == [{"line": 15, "id": "a"}]
    assert [each["line"] for each in answer["rejected"]] == [12, 14, 16]
    assert [changed.changes[0].revision for changed in world.on("contacts.changes")] == [1, 2]


async def test_csv_is_imported_by_its_header(call: Client) -> None:
    body = "id,email,groups,consent.news,score\na,a@example.com,vip;x,true,71\nb,,,,\n"
    answer = await call("POST", "/contacts", content=body.encode(), headers={"content-type": "text/csv; charset=utf-8"})
    score = {"attribute": "score", "kind": "number", "lines": 1, "first": [2]}
    assert answer == {"imported": 2, "rejected": [], "repeated": [], "attributes": [score]}
    shown = await call("GET", "/contacts/a")
    assert shown == {
        "id": "a", "email": "a@example.com", "phone": None, "zone": None, "active": True, "groups": ["vip", "x"],
        "consent": {"news": True}, "attributes": {"score": 71}, "revision": 1, "suppressed": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", {"content-type": "application/json"}, 415),
        (b"name\nx", {"content-type": "text/csv"}, 422),
        ("id\nx".encode("utf-16"), {"content-type": "text/csv"}, 422),
        (b'{"id":"a"}\n' * 2001, NDJSON, 413),
        (b"", NDJSON, 422),
        (b"\n \n", NDJSON, 422),
        (b"id,email\n", {"content-type": "text/csv"}, 422),
    ],
)
async def test_import_that_cannot_be_read_at_all_is_a_problem(
    call: Client, body: bytes, headers: dict[str, str], status: int
) -> None:
    await call("POST", "/contacts", expect=status, content=body, headers=headers)


async def test_line_of_a_megabyte_does_not_touch_the_others(call: Client) -> None:
    answer = await call.load({"id": "a"}, {"id": "big", "attributes": {"x": "y" * 1_000_000}}, {"id": "c"})
    assert answer["imported"] == 2
    assert [each["line"] for each in answer["rejected"]] == [2] and "at most" in answer["rejected"][0]["reason"]


@pytest.mark.parametrize("contact_id", ["a b", "a/b", "a?b#c", "ü日本", "%2F", "..", "a/instances/b"])
async def test_odd_ids_can_be_shown_and_deleted(world: World, call: Client, contact_id: str) -> None:
    await world.load({"id": contact_id})
    path = f"/contacts/{_quoted(contact_id)}"
    assert (await call("GET", path))["id"] == contact_id
    await call("DELETE", path, expect=204)
    await call("GET", path, expect=404)
    await call("DELETE", path, expect=404)


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


async def test_lists_come_in_pages(world: World, call: Client) -> None:
    await world.load(*({"id": f"c{number}", "groups": ["vip", f"g{number}"]} for number in range(5)))
    for path, name in (("/contacts", "id"), ("/groups", "group"), ("/groups/vip/contacts", "contact_id")):
        whole = [item[name] for item in (await call("GET", path))["items"]]
        paged: list[str] = []
        cursor: dict[str, str] | None = {}
        while cursor is not None:
            page = await call("GET", path, params={**cursor, "limit": 2})
            paged += [item[name] for item in page["items"]]
            cursor = {"cursor": page["next"]} if page["next"] else None
        assert paged == whole == sorted(whole) and len(whole) >= 5


@pytest.mark.parametrize("path", ["/contacts", "/groups", "/groups/vip/contacts", "/segments", "/suppressions"])
@pytest.mark.parametrize("cursor", ["c1", "", "bnVsbA", "WzFd"])
async def test_a_cursor_that_is_none_is_refused(call: Client, path: str, cursor: str) -> None:
    await call("POST", "/groups", expect=201, json={"group": "vip"})
    refused = await call("GET", path, expect=422, params={"cursor": cursor})
    assert refused["code"] == "bad_cursor"


async def test_groups_are_made_and_filled(world: World, call: Client) -> None:
    await world.load({"id": "a"}, {"id": "b", "groups": ["vip"]})
    await call("POST", "/groups", expect=201, json={"group": "empty"})
    await call("POST", "/groups", expect=200, json={"group": "empty"})
    await call("POST", "/groups", expect=422, json={"group": "No Such Name"})
    assert await call("POST", "/groups/vip/contacts", json={"add": ["a", "x"], "remove": ["b"]}) == {
        "changed": 2,
        "unknown": ["x"],
    }
    assert (await call("GET", "/groups"))["items"] == [
        {"group": "empty", "contacts": 0},
        {"group": "vip", "contacts": 1},
    ]
    assert (await call("GET", "/groups/vip/contacts"))["items"] == [{"contact_id": "a"}]
    await call("GET", "/groups/none/contacts", expect=404)
    for method, path in (("GET", "/groups/vpi/contacts"), ("DELETE", "/groups/vpi")):
        refused = await call(method, path, expect=404)
        assert refused["detail"] == "there is no group vpi: did you mean `vip`?"
    await call("POST", "/groups/none/contacts", expect=404, json={"add": ["a"]})


async def test_what_no_database_keeps_is_refused_wherever_it_stands_in_a_body(world: World, call: Client) -> None:
    await call("POST", "/groups", expect=201, json={"group": "vip"})
    for path, body in (
        ("/groups/vip/contacts", {"add": ["a\0b"]}),
        ("/segments", {"segment": "mine", "where": "contact.id == '\0'"}),
        ("/suppressions", {"contacts": ["a"], "reason": "\0"}),
    ):
        refused = await call("POST", path, expect=422, json=body)
        assert (refused["code"], "U+0000" in refused["detail"]) == ("invalid", True)
    json = {"content-type": "application/json"}
    for content in (b'{"add": ["a", "\\ud800"]}', b'{"remove": ["\\udfff"]}'):
        refused = await call("POST", "/groups/vip/contacts", expect=422, content=content, headers=json)
        assert (refused["code"], "half a surrogate pair" in refused["detail"]) == ("invalid", True)


async def test_who_is_nobody_yet_is_suppressed_beforehand_and_told(world: World, call: Client) -> None:
    await world.load({"id": "c-1", "email": "ann@example.com"})
    addresses = ["later@example.com", "ann@example.com"]
    added = await call("POST", "/suppressions", json={"contacts": ["later", "c-1", "later"], "addresses": addresses})
    assert added == {"unknown_contacts": ["later"], "unknown_addresses": ["later@example.com"]}
    await world.load({"id": "later", "email": "x@example.com"}, {"id": "c-2", "email": "later@example.com"})
    for contact_id in ("later", "c-2"):
        assert (await call("GET", f"/contacts/{contact_id}"))["suppressed"]


async def test_suppressions_are_set_listed_and_lifted(world: World, call: Client) -> None:
    await world.load({"id": "a/1", "email": "ann@example.com"})
    both = {"contacts": ["a/1"], "addresses": ["Ann@Example.com"]}
    assert await call("POST", "/suppressions", json=both) == {"unknown_contacts": [], "unknown_addresses": []}
    items = (await call("GET", "/suppressions"))["items"]
    assert [(item["kind"], item["contact_id"], item["address"], item["at"]) for item in items] == [
        ("address", None, "Ann@example.com", "2026-11-20T12:00:00.000Z"),
        ("contact", "a/1", None, "2026-11-20T12:00:00.000Z"),
    ]
    first = await call("GET", "/suppressions", params={"limit": 1})
    assert (await call("GET", "/suppressions", params={"cursor": first["next"]}))["items"] == items[1:]
    assert (await call("GET", f"/contacts/{_quoted('a/1')}"))["suppressed"]
    await call("DELETE", f"/suppressions/{_quoted('a/1')}", expect=204)
    await call("DELETE", "/suppressions", expect=204, params={"address": "ann@example.com"})
    await call("DELETE", f"/suppressions/{_quoted('a/1')}", expect=404)
    assert not (await call("GET", f"/contacts/{_quoted('a/1')}"))["suppressed"]
    await call("POST", "/suppressions", expect=422, json={})
    await call("POST", "/suppressions", expect=422, json={"addresses": ["a@b\r\n"]})
    await call("POST", "/suppressions", expect=422, json={"contacts": ["a\nb"]})


async def test_ledger_is_ndjson_in_byte_order(world: World, call: Client) -> None:
    await world.hear(user("ann"))
    await world.load({"id": "b"}, {"id": "a", "active": False})
    await world.hear(requested(participants=Contacts(contacts=["b", "a", "ü"]), body=scenario(won={"end": "success"})))
    await world.walk_out()
    lines = (await call("GET", "/launches/l-1/ledger")).splitlines()
    assert [orjson.loads(line) for line in lines] == [
        {"contact_id": "a", "state": "excluded", "reason": "inactive"},
        {"contact_id": "b", "state": "admitted", "reason": None},
        {"contact_id": "ü", "state": "excluded", "reason": "deleted"},
    ]


async def test_another_projects_things_are_not_there(world: World, call: Client) -> None:
    await world.load({"id": "a", "groups": ["vip"]})
    await world.hear(requested(participants=Contacts(contacts=["a"])))
    for method, path in (
        ("GET", "/contacts/a"),
        ("DELETE", "/contacts/a"),
        ("GET", "/groups/vip/contacts"),
        ("POST", "/groups/vip/contacts"),
        ("DELETE", "/suppressions/a"),
        ("GET", "/launches/l-1/ledger"),
    ):
        await call(method, path, expect=404, project="other", json={} if method == "POST" else None)
    for path in ("/contacts", "/groups", "/suppressions"):
        assert (await call("GET", path, project="other"))["items"] == []


async def test_every_route_needs_its_permission(call: Client) -> None:
    reads = ("/contacts", "/contacts/a", "/groups", "/groups/g/contacts", "/suppressions", "/launches/l/ledger")
    writes = (
        ("POST", "/contacts"),
        ("DELETE", "/contacts/a"),
        ("POST", "/groups"),
        ("POST", "/groups/g/contacts"),
        ("POST", "/suppressions"),
        ("DELETE", "/suppressions/a"),
        ("DELETE", "/suppressions?address=x"),
    )
    for path in reads:
        await call("GET", path, expect=403, grants=("contacts:write",))
    for method, path in writes:
        await call(method, path, expect=403, grants=("view",))


async def test_deleted_group_is_gone_and_its_contacts_stay(world: World, call: Client) -> None:
    await call.load({"id": "a", "groups": ["vip", "news"]}, {"id": "b", "groups": ["vip"]}, {"id": "c"})
    assert await call("DELETE", "/groups/vip") == {"removed": 2, "more": False}
    assert await call("GET", "/groups") == {"items": [{"group": "news", "contacts": 1}], "next": None}
    assert (await call("GET", "/contacts/a"))["groups"] == ["news"]
    await call.load({"id": "a", "active": False})
    await call("DELETE", "/groups/vip", expect=404)
    await call("DELETE", "/groups/news", expect=403, grants=("view",))
    assert (await call("GET", "/groups"))["items"] == [{"group": "news", "contacts": 1}]


async def test_large_group_is_deleted_in_several_calls(
    world: World, call: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contacts.api.groups.PORTION", 2)
    monkeypatch.setattr("contacts.api.groups.PORTIONS", 1)
    await call.load(*({"id": f"c-{number}", "groups": ["vip"]} for number in range(3)))
    assert await call("DELETE", "/groups/vip") == {"removed": 2, "more": True}
    assert (await call("GET", "/groups"))["items"] == []
    assert await call("DELETE", "/groups/vip") == {"removed": 1, "more": False}
    await call("DELETE", "/groups/vip", expect=404)


async def test_a_condition_is_kept_under_a_name(call: Client) -> None:
    await call.load({"id": "a", "attributes": {"score": 7}})
    kept = {"segment": "good", "where": "contact.attributes.score > 5", "revision": 1}
    given = {"segment": "good", "where": kept["where"]}
    assert [await call("POST", "/segments", json=given) for _ in range(2)] == [{**kept, "points": []}] * 2
    changed = {"segment": "good", "where": "contact.attributes.scores > 6", "revision": 2}
    answer = await call("POST", "/segments", json={"segment": "good", "where": changed["where"]})
    [point] = answer.pop("points")
    assert (answer, point["code"], point["severity"]) == (changed, "unknown_attribute", "warning")
    await call("POST", "/segments", json={"segment": "all", "where": "true"})
    page = await call("GET", "/segments", params={"limit": 1})
    assert [item["segment"] for item in page["items"]] == ["all"]
    assert (await call("GET", "/segments", params={"cursor": page["next"]}))["items"] == [changed]
    assert await call("GET", "/segments/good") == changed
    refused = await call("GET", "/segments/goood", expect=404)
    assert refused["detail"] == "there is no segment goood: did you mean `good`?"
    assert (await call("GET", "/segments", project="other"))["items"] == []
    await call("GET", "/segments/good", project="other", expect=404)
    await call("DELETE", "/segments/good", project="other", expect=404)
    await call("DELETE", "/segments/good", expect=204)
    await call("DELETE", "/segments/good", expect=404)
    await call("GET", "/segments/good", expect=404)


async def test_who_has_seen_an_earlier_condition_does_not_undo_a_later_one(call: Client) -> None:
    def asked(where: str) -> dict[str, Any]:
        return {"json": {"segment": "good", "where": where}}

    def saw(revision: int) -> dict[str, Any]:
        return {"headers": {"If-Match": f'"{revision}"'}}

    for given in (saw(1), {"headers": {"If-Match": "*"}}):
        assert (await call("POST", "/segments", **asked("true"), **given, expect=412))["code"] == "changed_meanwhile"
    await call("POST", "/segments", **asked("contact.active"))
    assert (await call("POST", "/segments", **asked("true"), **saw(1)))["revision"] == 2
    for method, path, body in (("POST", "/segments", asked("false")), ("DELETE", "/segments/good", {})):
        refused = await call(method, path, **body, **saw(1), expect=412)
        assert (refused["code"], "revision 2" in refused["detail"]) == ("changed_meanwhile", True)
    assert (await call("GET", "/segments/good"))["where"] == "true"
    await call("DELETE", "/segments/good", **saw(2), expect=204)
    assert (await call("POST", "/segments", **asked("contact.active")))["revision"] == 3, "it is no other's revision"
    await call("DELETE", "/segments/good", **saw(2), expect=412)
    assert (await call("GET", "/segments/good"))["revision"] == 3
    assert call.headers["ETag"] == '"3"'


@pytest.mark.parametrize(
    "where", ["contact.attributes.score >", "contact.emial == 'a'", "7", r"contact.attributes['\x00']"]
)
async def test_what_is_no_condition_is_not_kept(call: Client, where: str) -> None:
    refused = await call("POST", "/segments", json={"segment": "bad", "where": where}, expect=422)
    assert refused["code"] == "segment_invalid"
    assert refused["points"][0]["place"] == "where"
    assert (await call("GET", "/segments"))["items"] == []


async def test_who_changed_contacts_groups_and_suppressions_is_in_the_audit(call: Client) -> None:
    await call.load({"id": "c-1", "email": "c-1@example.com"}, {"id": "c-2"}, {"id": ""})
    await call("POST", "/groups", expect=201, json={"group": "vip"})
    await call("POST", "/groups", json={"group": "vip"})
    await call("POST", "/groups/vip/contacts", json={"add": ["c-1", "c-2"], "remove": []})
    await call("POST", "/groups/vip/contacts", json={"add": ["c-1"], "remove": []})
    await call("POST", "/suppressions", json={"contacts": ["c-2"], "addresses": ["c-1@example.com"]})
    await call("DELETE", "/suppressions/c-2", expect=204)
    await call("DELETE", "/suppressions/c-2", expect=404)
    await call("DELETE", "/contacts/c-2", expect=204)
    await call("DELETE", "/contacts/c-2", expect=404)
    await call("DELETE", "/groups/vip")
    for _ in range(2):
        await call("POST", "/segments", json={"segment": "all", "where": "true"})
    await call("DELETE", "/segments/all", expect=204)
    page = await call("GET", "/audit")
    assert [(entry["action"], entry["thing"], entry["details"]) for entry in reversed(page["items"])] == [
        ("contacts.imported", "contacts", {"imported": 2, "rejected": 1}),
        ("group.made", "group/vip", {}),
        ("group.changed", "group/vip", {"added": 2, "removed": 0, "changed": 2}),
        ("suppression.added", "contact/c-2", {}),
        ("suppression.added", "addresses", {"addresses": 1}),
        ("suppression.lifted", "contact/c-2", {}),
        ("contact.deleted", "contact/c-2", {}),
        ("group.deleted", "group/vip", {}),
        ("segment.kept", "segment/all", {"revision": 1}),
        ("segment.deleted", "segment/all", {}),
    ]
    assert {entry["subject"] for entry in page["items"]} == {"bob"}
    of_contact = await call("GET", "/audit?thing=contact/c-2&limit=2")
    assert [entry["action"] for entry in of_contact["items"]] == ["contact.deleted", "suppression.lifted"]
    rest = await call("GET", "/audit", params={"thing": "contact/c-2", "limit": 2, "cursor": of_contact["next"]})
    assert ([entry["action"] for entry in rest["items"]], rest["next"]) == (["suppression.added"], None)
    assert len((await call("GET", "/audit?thing=group"))["items"]) == 3
    assert (await call("GET", "/audit", project="other"))["items"] == []
    await call("GET", "/audit?cursor=x", expect=422)


async def test_a_count_is_answered_to_a_launcher_that_is_older_or_newer(world: World, call: Client) -> None:
    await world.hear(user("ann"))
    await call.load({"id": "a", "email": "a@x.example"}, {"id": "b", "active": False})
    version = requested().version.model_dump(mode="json", by_alias=True)
    older = {"version": version, "participants": {"kind": "all"}, "options": {}, "launched_by": "ann"}
    newer = {**older, "soon": 1, "options": {"soon": 1}, "participants": {"kind": "all", "soon": 1}}
    for body in (older, newer):
        asked: dict[str, Any] = {"grants": ("process:start",), "below": "/internal"}
        counted = await call("POST", "/counts", json=body, **asked)
        assert (counted["targeted"], counted["excluded"]["inactive"]) == (2, 1)
        behind = {**body, "behind": {"reason": "inactive", "soon": 1} if body is newer else {"reason": "inactive"}}
        assert (await call("POST", "/counts", json=behind, **asked))["items"] == ["b"]


async def test_conditions_that_others_wrote_are_looked_over_by_what_contacts_have(world: World, call: Client) -> None:
    await call.load(*({"id": f"c{n}", "attributes": {"score": n, "city": "Wien"}} for n in range(3)), {"id": "none"})
    conditions = {
        "steps.ask.branch[0].when": "contact.attributes.score > '50'",
        "steps.ask.branch[1].when": "contact.attributes.score > 50 && contact.attributes.city == context.city",
        "steps.ask.branch[2].when": "contact.active == 'true'",
        "steps.ask.branch[3].when": "contact.attributes.",
        "steps.ask.branch[4].when": r"contact.attributes['\x00'] == 1",
    }
    body = {"conditions": [{"place": place, "where": where} for place, where in conditions.items()]}
    answer = await call("POST", "/conditions", json=body, below="/internal", grants=("view",))
    told = [(point["place"][-8:], point["code"], point["severity"]) for point in answer["points"]]
    assert told == [("[0].when", "condition_type", "warning"), ("[2].when", "condition_type", "error")]
    assert "`score` is a number in 3 of 3 contacts with it" in answer["points"][0]["remedy"]
    other = await call("POST", "/conditions", json=body, below="/internal", grants=("view",), project="other")
    assert [point["severity"] for point in other["points"]] == ["error"], "of other projects' contacts nothing is seen"


async def test_attributes_that_nobody_has_are_told_of_in_conditions_and_templates(world: World, call: Client) -> None:
    async def told(project: str = PROJECT) -> list[tuple[str, str]]:
        branch = {"place": "steps.ask.branch[0].when", "where": "contact.attributes.scroe > 50"}
        reads = {"subject": ["frist_name", "first_name", "offer"], "text": ["home.city", "work.city", "shoe.size"]}
        templates = [{"place": f"steps.hello.send.{field}", "reads": named} for field, named in reads.items()]
        body = {"conditions": [branch], "templates": templates, "own": ["offer"]}
        answer = await call("POST", "/conditions", json=body, below="/internal", grants=("view",), project=project)
        assert {(point["code"], point["severity"]) for point in answer["points"]} <= {("unknown_attribute", "warning")}
        return [(point["place"].rpartition(".")[2], point["remedy"]) for point in answer["points"]]

    assert await told() == [], "there are no contacts: nothing can be said"
    attributes = {"score": 3, "first_name": "Ann", "home": {"city": "Linz"}, "shoe.size": 41}
    await call.load({"id": "a", "attributes": attributes}, {"id": "b"})
    branch, subject, text = await told()
    assert (branch[0], subject[0], text[0]) == ("when", "subject", "text")
    assert "`scroe`: did you mean `score`?" in branch[1] and "`frist_name`: did you mean `first_name`?" in subject[1]
    assert "attribute `work`." in text[1] and "{{ contact.attributes.work | default('…') }}" in text[1]
    assert await told("other") == [], "nor by the contacts of others"
