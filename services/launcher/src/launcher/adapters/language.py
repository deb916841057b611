"""CEL, Jinja2 and mail addresses, as the domain asks for them."""

from email_validator import EmailNotValidError, validate_email

from launcher.domain.language import Broken, Reads
from runtime.cel import Condition, ConditionError
from runtime.templates import TemplateError, compile_template


class RuntimeLanguage:
    """`launcher.domain.language.Language` on what executor and messaging really run."""

    def condition(self, source: str) -> Reads | Broken:
        try:
            return Condition.compile(source).reads
        except ConditionError as error:
            return Broken(str(error))

    def template(self, source: str, *, html: bool) -> Reads | Broken:
        try:
            return compile_template(source, html=html).reads
        except TemplateError as error:
            return Broken(str(error))

    def address(self, address: str) -> Broken | None:
        """Also one of a network of one's own (`news@mailhost`) or of a test. Not every server speaks SMTPUTF8."""
        if not address.isascii():
            return Broken("write it in ASCII, an internationalised domain as xn--….")
        try:
            validate_email(address, check_deliverability=False, globally_deliverable=False, test_environment=True)
        except EmailNotValidError as error:
            return Broken(str(error))
        return None
