#!/bin/sh
# Starts the program that CHROMIUM names as a user without rights, as people's browsers run.
exec setpriv --reuid=65534 --regid=65534 --clear-groups "$CHROMIUM" "$@"
