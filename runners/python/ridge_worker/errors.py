"""A failure with the verdict that the harness stores."""


class CaseError(Exception):
    def __init__(self, verdict, text):
        super().__init__(text)
        self.verdict = verdict
        self.text = text


def unsupported(text):
    return CaseError("unsupported", text)
