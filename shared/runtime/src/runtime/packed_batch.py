"""Records as Kafka takes them, where large values are compressed already: once, for the outbox and for the topic.

Kafka's record batch of version 2 (https://kafka.apache.org/documentation/#recordbatch) is a header and its records,
compressed together. zstd allows several frames one after the other, and reading them gives what they hold as one
(https://www.rfc-editor.org/rfc/rfc8878#section-3): so here a value's frame stands as it is between frames of the rest.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from aiokafka.record.default_records import DefaultRecordBase as Format
from aiokafka.record.util import calc_crc32c, encode_varint

from runtime.packing import Packed, frame

MAGIC: Final = 2
NOBODY: Final = -1
"""No producer, and no epoch of a leader."""


class Place(NamedTuple):
    """Of a record in its batch."""

    offset: int
    timestamp: int


class PackedBatch:
    """One being filled, in the place of aiokafka's `producer.message_accumulator.BatchBuilder`: its methods."""

    def __init__(self, most: int) -> None:
        """`most`: bytes of values and keys, but for a first record, which is taken in any case."""
        self._most = most
        self._held = 0
        self._frames: list[bytes] = []
        self._loose = bytearray()
        """What follows the last of the frames."""
        self._timestamps: list[int] = []
        self._producer = NOBODY, NOBODY, NOBODY
        self._closed = False

    def append(
        self, *, timestamp: int, key: bytes, value: Packed, headers: Sequence[tuple[str, bytes]] = ()
    ) -> Place | None:
        """`timestamp`: milliseconds of the Unix epoch. None: it is full."""
        held = len(key) + value.length
        if self._closed or (self._timestamps and self._held + held > self._most):
            return None
        self._held += held
        place = Place(len(self._timestamps), timestamp)
        self._timestamps.append(timestamp)
        before, after = bytearray(1), bytearray()  # one byte of attributes, of which there are none
        for number in (timestamp - self._timestamps[0], place.offset):
            encode_varint(number, before.append)
        _text(before, key)
        encode_varint(value.length, before.append)
        encode_varint(len(headers), after.append)
        for name, content in headers:
            _text(after, name.encode())
            _text(after, content)
        encode_varint(len(before) + value.length + len(after), self._loose.append)
        self._loose += before
        if value.compressed:
            self._frames += frame(self._loose), value
            self._loose = after
        else:
            self._loose += value + after
        return place

    def record_count(self) -> int:
        return len(self._timestamps)

    def size(self) -> int:
        """Bytes, at most: what is loose is not compressed yet."""
        return Format.HEADER_STRUCT.size + sum(map(len, self._frames)) + len(self._loose)

    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        self._closed = True

    def _set_producer_state(self, producer_id: int, producer_epoch: int, base_sequence: int) -> None:
        self._producer = producer_id, producer_epoch, base_sequence

    def _build(self) -> bytes:
        self.close()
        if self._loose:
            self._frames.append(frame(self._loose))
            self._loose = bytearray()
        times = self._timestamps[0], max(self._timestamps)
        count = len(self._timestamps)
        made = bytearray(self.size())
        length = len(made) - Format.AFTER_LEN_OFFSET
        Format.HEADER_STRUCT.pack_into(
            made, 0, 0, length, NOBODY, MAGIC, 0, Format.CODEC_ZSTD, count - 1, *times, *self._producer, count
        )
        made[Format.HEADER_STRUCT.size :] = b"".join(self._frames)
        made[Format.CRC_OFFSET : Format.ATTRIBUTES_OFFSET] = calc_crc32c(made[Format.ATTRIBUTES_OFFSET :]).to_bytes(4)
        return bytes(made)


def _text(to: bytearray, content: bytes) -> None:
    encode_varint(len(content), to.append)
    to += content
