# shellcheck shell=sh
# How often a worker is tried; new in this release.
retry_limit() {
	printf '%s\n' "${CORTEX_RETRY_LIMIT:-3}"
}
