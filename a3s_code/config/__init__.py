"""Configuration: HCL text to frozen dataclasses."""
