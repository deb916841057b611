"""A launch that sends an e-mail to each contact, through the local sink."""

from bench.figures import Measure
from bench.ground import People
from bench.launches import cpu_measures, launch, measure_of
from bench.options import Options

SINK = "cli.platform.sink"
"""The provider's side of a mail: not ours to count."""
MAILED = {"kind": "groups", "groups": ["mailed"]}


def measure(people: People, options: Options) -> list[Measure]:
    mailings = [launch(people, "mail", MAILED, options.mails) for _ in range(options.rounds)]
    of = measure_of(options.mails)
    return [
        of("mails", [mailing.rate for mailing in mailings], "mails/s"),
        *cpu_measures("mail_cpu_", "cpu_per_mail", mailings, of, SINK),
    ]
