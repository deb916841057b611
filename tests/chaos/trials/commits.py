"""Connections cut at COMMIT: done or not, nobody knows."""

from dataclasses import replace
from urllib.parse import urlsplit

from chaos.case import Case
from chaos.commit_thief import Theft, commit_thief
from chaos.given_servers import given, given_servers
from chaos.trial import trial

CONTACTS = 2_000
SHARE = 0.02
THEFTS = 60
LAUNCHES = 10


@trial(
    fault="connections to PostgreSQL are cut at one COMMIT in fifty of all services, at random before it arrives or in "
    "place of its answer (at once, or after up to 5 s of silence)",
    holds="base: what was committed is not done again, what was not is done",
)
def commits_cut(case: Case) -> None:
    with given_servers() as (servers, _):
        address = urlsplit(servers.postgres)
        assert address.hostname and address.port
        with commit_thief(address.hostname, address.port, case.chance) as thief:
            user, _, _ = address.netloc.rpartition("@")
            through = address._replace(netloc=f"{user}@127.0.0.1:{thief.port}").geturl()
            with case.platform(contacts=CONTACTS, settings=given(servers, through)) as ground:
                ground.made.place = replace(ground.made.place, postgres=servers.postgres)
                with case.fault():
                    thief.share = SHARE
                    while len(thief.thefts) < THEFTS and len(ground.made.launches) < LAUNCHES:
                        ground.launch()
                        ground.until_ended(180)
                    thief.share = 0.0
                swallowed = thief.thefts.count(Theft.ANSWER)
                case.finding.hits = len(thief.thefts)
                case.figure("launches", len(ground.made.launches))
                case.figure("answers swallowed", swallowed)
                case.figure("never arrived", len(thief.thefts) - swallowed)
                case.rest(ground)
                case.figure("unknown", case.finding.unknown)
