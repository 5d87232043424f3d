# shellcheck shell=sh
# Work that has to be done before the first cycle: none in this release.
warm_up() { :; }
