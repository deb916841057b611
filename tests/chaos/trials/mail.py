"""The mail provider: away, busy, slow."""

import time

from chaos.case import Case
from chaos.trial import trial

AWAY_SECONDS = 60.0
PATIENT = {
    # a storm is ridden out within a trial's time, and a session that does not open is given up within it
    "SLIPWAY_SMTP_RETRY_FIRST_SECONDS": "0.5",
    "SLIPWAY_SMTP_RETRY_LONGEST_SECONDS": "4",
    "SLIPWAY_SMTP_CONNECT_SECONDS": "5",
}
STORM = 5_000
SLOW = 100


@trial(fault="nobody takes mails for a minute in the middle of a launch", holds="base; everybody gets both mails")
def provider_away(case: Case) -> None:
    with case.platform(contacts=6_000) as ground:
        sink = ground.made.slipway.server("smtp")
        ground.launch()
        ground.until_mails(case.chance.randint(1, 2_000))
        with ground.made.slipway.nothing_restarts(), case.fault():
            sink.kill()
            time.sleep(AWAY_SECONDS)
        case.claim(ground.coming(), "it was not in the middle of the launch")
        case.rest(ground)
        # what was behind its final dot when the provider died is unknown, and never sent again
        missing = ground.coming()
        case.claim(missing <= 2 * case.finding.unknown, f"{missing} mails are missing, {case.finding.unknown} unknown")
        case.claim(case.finding.unknown <= 2 * 50, f"{case.finding.unknown} are unknown: more than sessions")


@trial(
    fault=f"{STORM:,} times 451, at RCPT and after the dot", holds="base; everybody gets both mails, nothing unknown"
)
def storm_of_4xx(case: Case) -> None:
    with case.platform(contacts=3_000, settings=PATIENT) as ground:
        with case.fault():
            ground.made.slipway.mail_sink_misbehaves(
                {"kind": "4xx", "times": STORM // 2}, {"kind": "4xx-data", "times": STORM // 2}
            )
            ground.launch()
            ground.until_mails(2 * ground.contacts, 240)
        case.rest(ground)
        case.claim(ground.coming() == 0, f"{ground.coming()} mails are missing")
        case.claim(case.finding.unknown == 0, f"{case.finding.unknown} are unknown")


@trial(
    fault=f"{SLOW} sessions in which the provider says one byte a second, from the greeting on",
    holds="base; everybody gets both mails, nothing unknown",
)
def provider_slow(case: Case) -> None:
    with case.platform(contacts=3_000, settings=PATIENT) as ground:
        with case.fault():
            ground.made.slipway.mail_sink_misbehaves({"kind": "slow", "seconds": 1.0, "times": SLOW})
            ground.launch()
            ground.until_mails(2 * ground.contacts, 240)
        case.rest(ground)
        case.claim(ground.coming() == 0, f"{ground.coming()} mails are missing")
        case.claim(case.finding.unknown == 0, f"{case.finding.unknown} are unknown")
