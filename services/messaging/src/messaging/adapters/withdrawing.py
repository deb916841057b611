"""What a contact does with the link in a message: it withdraws its consent to messages of that type."""

from messaging.adapters.blocks import block
from messaging.domain.judgement import consent_to
from messaging.domain.links import Reference
from messaging.domain.records import contact_reported
from runtime.cloudevents import rfc3339
from runtime.ids import derive
from runtime.partitions import partition_of
from runtime.transaction import Transaction


async def withdraw(tx: Transaction, reference: Reference) -> None:
    """Before the next send: here from the commit on, and for good when contacts has read of it.

    Again while contacts has not answered: nothing more. Again later, it is told again, for in between consent may have
    been given anew.
    """
    project, contact_id, message_type = reference[:3]
    id = derive("withdrawn", *reference, rfc3339(tx.now))
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
            )
        )
