# shellcheck shell=bash
# Sourced by build.sh. What goes into the image helm besides the files of this folder.
PARTS=(helm)

# fill_context FOLDER
fill_context() { install -D -m 755 -t "$1/opt" "$(part helm)/helm"; }
