"""The one exception for an anticipated "no"."""


class Refused(Exception):  # noqa: N818 -- a refusal is an answer, not an error
    """Something a user asked for cannot be done, and the message says in Chinese what to do instead.

    Pages show the message (beside `field` when given), the API answers 409, or 400 with `field`.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
