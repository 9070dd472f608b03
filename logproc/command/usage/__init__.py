"""What users may type: options, help, completion, and hints for what was mistyped."""
