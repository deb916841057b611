"""Sample contacts for the demo and the benchmark."""

from cli.sample import sample_contacts, sample_group


def test_a_group_holds_a_whole_sample_and_nobody_of_another() -> None:
    """Importing sets a contact's groups anew, so a contact of two samples is in the group of the last one."""
    for count in (1, 150):
        contacts = list(sample_contacts(count))
        assert len({contact["id"] for contact in contacts}) == count
        assert all(sample_group(count) in contact["groups"] for contact in contacts)
    assert sample_group(1) != sample_group(150)


def test_the_same_number_gives_the_same_people() -> None:
    assert list(sample_contacts(30)) == list(sample_contacts(30))
