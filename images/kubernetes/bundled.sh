#!/bin/sh
# Runs the program of this name in net/ with the loader and libraries beside it, so that it works on hosts with any C library.
here=$(dirname "$(readlink -f "$0")")
exec "$here/net/loader" --library-path "$here/net/lib" "$here/net/$(basename "$0")" "$@"
