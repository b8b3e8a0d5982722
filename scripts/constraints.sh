#!/usr/bin/env bash
# The versions of what is installed, and nothing else: no local version labels (torch's +cpu),
# no places where packages were found.
set -euo pipefail
cd "$(dirname "$0")/.."
echo "# Versions that were tested together; written by make constraints."
.venv/bin/python -m pip --disable-pip-version-check freeze --all --exclude-editable --exclude pip 2>/dev/null |
    sed -nE 's/^([A-Za-z0-9._-]+==[^+ ]+)(\+.*)?$/\1/p'
