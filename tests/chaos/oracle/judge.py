"""All checks with the invariants they stand for, and the verdict on one run."""

import re
from collections.abc import Callable, Iterator, Sequence

from chaos.oracle import calm, figures, mails, publication, requests, steps, targets
from chaos.oracle.look import look
from chaos.oracle.plain import Finding, Run, Violation
from chaos.oracle.seen import Seen

Check = Callable[[Seen], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    requests.accepted_requests_have_one_launch,
    requests.nothing_is_launched_unasked,
    requests.refused_requests_have_none,
    requests.commands_are_answered,
    targets.targeted_is_started_or_not,
    targets.nobody_is_targeted_twice,
    targets.every_target_ends_once,
    figures.figures_add_up,
    figures.figures_never_decrease,
    figures.figures_equal_rows,
    mails.no_mail_twice,
    mails.provider_and_deliveries_agree,
    figures.launches_end_once,
    figures.the_end_comes_last,
    publication.only_the_owner_commits,
    publication.one_id_has_one_content,
    publication.outboxes_are_empty,
    publication.what_is_stored_was_published,
    steps.no_timer_is_early,
    steps.no_step_twice,
    steps.nothing_starts_behind_a_stop,
    mails.mails_leave_in_order,
    mails.nobody_withdrawn_gets_mail,
    calm.only_poison_is_parked,
    calm.memory_is_bounded,
    calm.the_backlog_is_gone,
)


def invariant_of(check: Callable[..., Iterator[Finding]]) -> int:
    """Its docstring begins with it."""
    match = re.match(r"I(\d+):", check.__doc__ or "")
    assert match, f"{check.__name__} does not say which invariant it checks"
    return int(match.group(1))


def judge(run: Run) -> Sequence[Violation]:
    """Every violation of every check; nothing if the run kept all promises."""
    seen = look(run)
    return [violation(check, finding) for check in CHECKS for finding in check(seen)]


def judge_replay(before: Run, after: Run) -> Sequence[Violation]:
    """What a replay of topics between two collections changed."""
    check = publication.replay_changed_nothing
    return [violation(check, finding) for finding in check(before, after)]


def violation(check: Callable[..., Iterator[Finding]], finding: Finding) -> Violation:
    return Violation(invariant_of(check), check.__name__, finding.launch, finding.contact, finding.what)
