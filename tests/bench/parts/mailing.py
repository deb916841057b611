"""A launch that sends an e-mail to each contact, to the benchmark's own sink, and what that sink takes by itself."""

from bench import sink
from bench.figures import Measure
from bench.ground import People
from bench.launches import cpu_measures, launch, measure_of
from bench.options import Options

MAILED = {"kind": "groups", "groups": ["mailed"]}


def measure(people: People, options: Options) -> list[Measure]:
    mailings = [launch(people, "mail", MAILED, options.mails) for _ in range(options.rounds)]
    of = measure_of(options.mails)
    return [
        of("mails", [mailing.rate for mailing in mailings], "mails/s"),
        of("mail_sink_alone", [sink.alone(options.mails) for _ in range(options.rounds)], "mails/s"),
        *cpu_measures("mail_cpu_", "cpu_per_mail", mailings, of),
    ]
