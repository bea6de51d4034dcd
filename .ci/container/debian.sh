# Debian's packages and mirrors, for the scripts of this folder (sourced).

# install_packages PROGRAM PACKAGE...: install packages where the program is missing.
install_packages() {
    local program=$1
    shift
    command -v "$program" >/dev/null && return
    echo "installing $*" >&2
    local policy=/usr/sbin/policy-rc.d made=''
    # No package may start a service of its own.
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod +x $policy
        made=yes
    fi
    refresh_lists
    local status=0
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
        install -y --no-install-recommends "$@" >/dev/null || status=$?
    [ -z "$made" ] || rm -f $policy
    return $status
}

# refresh_lists: fetch the package lists, once.
refresh_lists() {
    [ -z "${lists_are_fresh:-}" ] || return 0
    apt-get -qq -o DPkg::Lock::Timeout=300 update >&2
    lists_are_fresh=yes
}

# mirror [security]: address of the Debian mirror, or of its security archive, that apt uses here.
mirror() {
    apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Identifier: Packages' 'Component: main' |
        awk -v security="${1:-}" '$1 == "Debian" && (/security/ ? "security" : "") == security && !seen++ { print $2 }'
}
