"""launcher's composition root: what it is made of, what it consumes and emits."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from contracts.channels import ChannelSet
from contracts.checks import ConsentOverridden, LaunchChecked
from contracts.crm import LaunchCompleted, LaunchFailed, LaunchProgressed, LaunchStopped
from launcher.adapters import work
from launcher.adapters.channels import PostgresChannels
from launcher.adapters.commands import PostgresCommands
from launcher.adapters.contacts_http import ContactsHttp
from launcher.adapters.count_tokens import SignedCountTokens
from launcher.adapters.http_requests import PostgresHttpRequests
from launcher.adapters.language import RuntimeLanguage
from launcher.adapters.launches import PostgresLaunches
from launcher.adapters.projects import PostgresKeys, PostgresProjects, PostgresUsers
from launcher.adapters.results_http import ProgressHttp, ResultsHttp
from launcher.adapters.scenarios import PostgresScenarios
from launcher.adapters.secrets import KeySeals, RandomCredentials
from launcher.adapters.services_http import ServiceHttp
from launcher.api import Surface, routes
from launcher.api.idempotency import Idempotency
from launcher.domain.counting import Tolerance
from launcher.handlers.approving import Approving
from launcher.handlers.authentication import Authentication
from launcher.handlers.channels import ChannelHandlers
from launcher.handlers.collecting import Collecting
from launcher.handlers.commands import CommandHandlers
from launcher.handlers.counting import Counts
from launcher.handlers.deciding import Deciding
from launcher.handlers.disabling import Disabling
from launcher.handlers.flow import Drafts
from launcher.handlers.launches import LaunchHandlers
from launcher.handlers.ordering import Ordering
from launcher.handlers.pausing import Pausing
from launcher.handlers.projects import ProjectHandlers
from launcher.handlers.quotas import Quotas
from launcher.handlers.requesters import Requesters
from launcher.handlers.scenarios import ScenarioHandlers
from launcher.handlers.starting import Starting
from launcher.handlers.tokens import TokenHandlers
from launcher.handlers.trials import Trials
from launcher.handlers.unknown import Narrowing
from launcher.handlers.users import UserHandlers
from launcher.handlers.vacancies import Vacancies
from launcher.handlers.validator import Validator
from launcher.handlers.versions import Versions
from launcher.jobs import Expiry, Forgetting, Reading, Settling, Watching
from launcher.ports import Conditions, Counting, Progress, Results
from launcher.settings import Settings
from runtime.audit import Audit
from runtime.service import Job, RawSubscription, Service, Subscription


def build(
    settings: Settings,
    counting: Counting | None = None,
    results: Results | None = None,
    progress: Progress | None = None,
    conditions: Conditions | None = None,
) -> Service:
    """`counting`, `results`, `progress`, `conditions`: a test's own in place of contacts, log and messaging."""
    urls = {"contacts": settings.contacts_url, "log": settings.log_url, "messaging": settings.messaging_url}
    services = {name: ServiceHttp(name, url, settings.token_key) for name, url in urls.items()}
    projects, keys, users = PostgresProjects(), PostgresKeys(), PostgresUsers()
    scenarios, launches = PostgresScenarios(), PostgresLaunches()
    commands, audit = PostgresCommands(), Audit()
    seals, credentials = KeySeals(settings.secret_key), RandomCredentials()
    validator = Validator(RuntimeLanguage())
    channels = PostgresChannels()
    versions, requesters = Versions(scenarios, projects, channels, validator), Requesters(keys, users)
    pausing, ordering = Pausing(launches, requesters, audit), Ordering(launches, audit)
    disabling = Disabling(users, launches, pausing)
    quotas = Quotas(projects, keys, launches, settings.launches_per_hour)
    undecided = timedelta(days=settings.undecided_days)
    deciding = Deciding(launches, versions, commands, audit, undecided)
    tokens = SignedCountTokens(settings.token_key)
    control = LaunchHandlers(launches, versions, tokens, audit, deciding, pausing, requesters, quotas)
    drafts = Drafts(launches, versions, requesters, tokens, deciding)
    contacts = ContactsHttp(services["contacts"])
    counting, conditions = counting or contacts, conditions or contacts
    results = results or ResultsHttp(services["log"], services["messaging"])
    reading = Reading(launches, Collecting(launches, versions, results, deciding))
    approving = Approving(
        launches,
        versions,
        projects,
        requesters,
        counting,
        tokens,
        deciding,
        Tolerance(settings.drift_contacts, settings.drift_percent),
    )
    watching = Watching(launches, control, progress or ProgressHttp(services["log"]))
    surface = Surface(
        projects=projects,
        keys=keys,
        users=users,
        scenarios=scenarios,
        launches=launches,
        requesters=requesters,
        parties=ProjectHandlers(projects, keys, audit, seals, credentials),
        people=UserHandlers(users, audit, credentials, validator.language, disabling),
        versions=ScenarioHandlers(scenarios, launches, users, audit, validator),
        control=control,
        pausing=pausing,
        ordering=ordering,
        drafts=drafts,
        approving=approving,
        counts=Counts(launches, versions, counting, conditions, validator.language, results, tokens, quotas),
        starting=Starting(launches, control),
        trials=Trials(versions, control),
        narrowing=Narrowing(scenarios, users, keys),
        vacancies=Vacancies(launches, results),
        tokens=TokenHandlers(projects, keys, users, credentials, settings.administrator),
        validator=validator,
        channels=channels,
        idempotency=Idempotency(PostgresHttpRequests(), seals),
        conditions=conditions,
    )
    return Service(
        name="launcher",
        migrations=Path(__file__).parent / "migrations",
        subscriptions=(
            RawSubscription(
                "crm.commands",
                CommandHandlers(
                    Authentication(keys, seals), commands, launches, control, pausing, ordering, quotas
                ).on_commands,
            ),
            Subscription(
                "contacts.checks",
                {event.TYPE: event for event in (LaunchChecked, ConsentOverridden)},
                control.on_checks,
            ),
            Subscription(
                "log.launches",
                {event.TYPE: event for event in (LaunchProgressed, LaunchCompleted, LaunchStopped, LaunchFailed)},
                control.on_figures,
            ),
            Subscription("messaging.channels", {ChannelSet.TYPE: ChannelSet}, ChannelHandlers(channels).on_channels),
        ),
        emits=("launcher.launches", "launcher.projects", "launcher.replies"),
        jobs=(
            Job("forgetting", Forgetting(commands).run, every=60),
            Job("settling", Settling(disabling).run, every=1),
            Job("expiry", Expiry(drafts, undecided).run, every=settings.expiry_seconds),
            Job("collect", reading.run, every=1.0, look=work.COLLECTING),
            Job("trials", watching.run, every=2.0, look=work.TRIALS),
        ),
        routes=partial(routes, surface),
    )
