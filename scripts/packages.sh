# Sourced by quickstart and check: installs what is missing of the named sections of packages.txt.
# ridge_packages ROOT SECTION...
ridge_packages() {
  local root=$1 wanted missing="" p sudo=""
  shift
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "this is no Debian system: install the like of the packages in packages.txt yourself" >&2
    return 0
  fi
  wanted=$(awk -v sections=" $* " '/^\[/ { gsub(/[][]/, ""); on = index(sections, " " $0 " "); next }
                                   on && NF && !/^#/ { print }' "$root/packages.txt")
  for p in $wanted; do
    case $(dpkg-query -W -f '${Status}' "$p" 2>/dev/null || true) in
      "install ok installed") ;;
      *) missing="$missing $p" ;;
    esac
  done
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "packages are missing and neither root nor sudo is there; as root: apt-get install$missing" >&2
      return 1
    fi
    sudo=sudo
  fi
  echo "installing:$missing" >&2
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get update -q >/dev/null
  # shellcheck disable=SC2086
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/dev/null
}
