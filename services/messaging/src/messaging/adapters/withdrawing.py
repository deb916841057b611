"""What a contact does with the link in a message: it withdraws its consent to messages of that type."""

from messaging.adapters.blocks import block
from messaging.adapters.contacts import PostgresContacts
from messaging.domain.judgement import consent_to
from messaging.domain.links import Reference
from messaging.domain.records import contact_reported
from runtime.audit import Audit
from runtime.cloudevents import rfc3339
from runtime.ids import derive
from runtime.partitions import partition_of
from runtime.transaction import Connection, Transaction

RECIPIENT = "recipient"
"""Who did it, as the audit has it: whoever got the message, and nobody with a name here."""


async def withdraw(tx: Transaction, reference: Reference) -> None:
    """Before the next send: here from the commit on, and for good when contacts has read of it.

    Again while contacts has not answered: nothing more. Again later, it is told again, for in between consent may have
    been given anew. The audit and the target's timeline have it only where it was not known to be withdrawn.
    """
    project, contact_id, message_type = reference[:3]
    id = derive("withdrawn", *reference, rfc3339(tx.now))
    known = await is_withdrawn(tx.connection, reference)
    if await block(tx.connection, project, contact_id, consent_to(message_type), id):
        tx.emit(
            contact_reported(
                reference.key,
                project,
                "withdrawn",
                message_type,
                None,
                id,
                partition=partition_of(contact_id, tx.partitions),
                at=tx.now,
                known=known,
            )
        )
        if known:
            return
        about = {"launch": reference.launch_id, "step": reference.step, "message_type": message_type, "by": "link"}
        await Audit().note(
            tx.connection, tx.now, project, RECIPIENT, "consent.withdrawn", f"contact/{contact_id}", details=about
        )


async def is_withdrawn(connection: Connection, reference: Reference) -> bool:
    """Whether consent to messages of this one's type is withdrawn as far as is known here: by its link, or anyhow."""
    known = await PostgresContacts().newer(connection, reference.project, [reference.contact_id], [0])
    state = known.get(reference.contact_id)
    return state is not None and state.withdrew(reference.message_type)
