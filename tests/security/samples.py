"""Values that must never be shown, one of each kind and form."""

from __future__ import annotations

ALNUM = "abcdefghij0123456789ABCDEFGHIJ0123456789"

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

SECRETS = {
    "123-45-6789": "[REDACTED:SSN]",
    "ann.lee+x@mail.example.org": "[REDACTED:EMAIL]",
    "555-123-4567": "[REDACTED:PHONE]",
    "(555) 123-4567": "[REDACTED:PHONE]",
    "(555)123 4567": "[REDACTED:PHONE]",
    "555.123.4567": "[REDACTED:PHONE]",
    "5551234567": "[REDACTED:PHONE]",
    "555 1234567": "[REDACTED:PHONE]",
    "+1 555 123 4567": "[REDACTED:PHONE]",
    "+1 (555) 123-4567": "[REDACTED:PHONE]",
    "+44-555-123-4567": "[REDACTED:PHONE]",
    "+358 555 123 4567": "[REDACTED:PHONE]",
    "555\n123\n4567": "[REDACTED:PHONE]",
    "sk-" + ALNUM: "[REDACTED:API_KEY]",
    "pk_" + ALNUM[:20]: "[REDACTED:API_KEY]",
    "sk-ant-api03-" + ALNUM: "[REDACTED:API_KEY]",
    "sk-proj-" + ALNUM[:30] + "_-x": "[REDACTED:API_KEY]",
    "sk-svcacct-" + ALNUM[:16]: "[REDACTED:API_KEY]",
    "sk-ant-" + ALNUM * 10: "[REDACTED:API_KEY]",
    "4111 1111 1111 1111": "[REDACTED:CC]",
    "4111-1111-1111-1111": "[REDACTED:CC]",
    "4111111111111111": "[REDACTED:CC]",
    "4111\N{NO-BREAK SPACE}1111\N{NO-BREAK SPACE}1111\N{NO-BREAK SPACE}1111": "[REDACTED:CC]",
    "AKIAIOSFODNN7EXAMPLE": "[REDACTED:AWS_KEY]",
    "ghp_" + ALNUM[:36]: "[REDACTED:GITHUB_TOKEN]",
    "ghs_" + ALNUM * 8: "[REDACTED:GITHUB_TOKEN]",
    JWT: "[REDACTED:JWT]",
    "eyJ" + ALNUM * 9 + ".eyJ" + ALNUM * 9 + "." + ALNUM * 3: "[REDACTED:JWT]",
}

HARMLESS = (
    "1712345678901",  # milliseconds since 1970
    "550e8400-e29b-41d4-a716-446655440000",
    "f47ac10b-58cc-4372-a567-012345678901",
    "2024-01-15 10:30:00",
    "2024-01-15T10:30:00.123456Z",
    "order A5551234567",
    "id_5551234567",
    "12-34-5678",
    "1234-56-7890",
    "123-45-67890",
    "user@localhost",
    "@decorator and a @ b",
    "sk-short",
    "task-" + ALNUM,
    "sk-other-" + ALNUM,
    "AKIA123",
    "xAKIAIOSFODNN7EXAMPLE",
    "AKIAIOSFODNN7EXAMPLES",
    "ghp_short",
    "ghx_" + ALNUM,
    "eyJhbGciOiJIUzI1NiJ9",
    "eyJhbGciOiJIUzI1NiJ9.payload.signature",
    "4111 1111 1111 111",
    "41111 1111 1111 1111",
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14",
    "3.14159265358979",
    "",
)
