#!/usr/bin/env bash
# A page whose `console` blocks show commands and what they say. To be sourced by scene.sh.

# How the line begins that says which part of a scene comes now.
readonly CHAPTER="-- "

# Each command in a `console` block of the page, with what it says, has to be in the output as it stands.
compare() {
  local output line command="" commands=0 inside=""
  output=$(stable <"$1")
  while IFS= read -r line; do
    case $inside$line in
    '```console') inside=yes ;;
    'yes```') expect "$output" "$command" && inside="" command="" ;;
    'yes$ '*) expect "$output" "$command" && command="$line"$'\n' && commands=$((commands + 1)) ;;
    yes*) command+="$line"$'\n' ;;
    esac
  done < <(stable <"$PAGE")
  ((commands)) || fail "$PAGE shows no command"
  printf '\n%s: %s commands say what it shows\n' "${PAGE#"$ROOT"/}" "$commands"
}

compare_pictures() {
  local picture page
  for picture in "$WORK"/pictures/*; do
    [[ -e $picture ]] || continue
    page="${PAGE%/*}/${picture##*/}"
    [[ -z ${UPDATE:-} ]] || cp "$picture" "$page"
    cmp --silent "$picture" "$page" || fail "$page is not the picture of what was printed"
  done
}

# Digests of keys and of signatures differ each time, and how long an event is ago.
stable() {
  sed --regexp-extended 's/((key|key,|manifest) `?sha256:)[0-9a-f]{64}/\1…/; s/^[0-9]+s( +Warning +)/0s\1/'
}

# Arguments: the output, a part of the page. cosign says its lines in any order.
expect() {
  local line
  [[ $1$'\n' != *"$2"* ]] || return 0
  [[ $2 == '$ cosign '* ]] || fail "$PAGE shows what was not printed:"$'\n'"$2"
  while IFS= read -r line; do
    [[ $1$'\n' == *"$line"$'\n'* ]] || fail "$PAGE shows a line that cosign did not print: $line"
  done <<<"${2%$'\n'}"
}

# Writes below each command on the page what the next one of these words said in the output. The page keeps its own
# text where only what is never the same differs.
update() {
  local -a said=("")
  local line shown="" next=0 inside="" page
  page=$(mktemp)
  read_output "$1"
  while IFS= read -r line; do
    case $inside$line in
    '```console') inside=yes ;;
    'yes```' | 'yes$ '*)
      say_again
      [[ $line != '```' ]] || inside=""
      [[ $line != '$ '* ]] || shown="$line"$'\n'
      ;;
    yes*) shown+="$line"$'\n' ;;
    esac
    [[ -n $inside && $line != '```console' ]] || printf '%s\n' "$line"
  done <"$PAGE" >"$page"
  cat "$page" >"$PAGE"
  rm "$page"
}

# Each command of the output with what it says becomes an item of `said`.
read_output() {
  local line
  while IFS= read -r line; do
    case $line in
    '$ '*) said+=("$line"$'\n') ;;
    # a blank line stands before it
    "$CHAPTER"*) said[-1]=${said[-1]%$'\n'} && said+=("") ;;
    *) said[-1]+="$line"$'\n' ;;
    esac
  done <"$1"
}

# Prints what stood on the page, or what is said instead.
say_again() {
  local at
  [[ -n $shown ]] || return 0
  for ((at = next; at < ${#said[@]}; at++)); do
    [[ ${said[at]%%$'\n'*} == "${shown%%$'\n'*}" ]] || continue
    is_same "${said[at]}" "$shown" || shown=${said[at]}
    next=$((at + 1))
    break
  done
  printf '%s' "$shown"
  shown=""
}

# Arguments: a command with what it says, twice. cosign says its lines in any order.
is_same() {
  local -a in_order=(cat)
  [[ $1 != '$ cosign '* ]] || in_order=(sort)
  [[ $(stable <<<"$1" | "${in_order[@]}") == "$(stable <<<"$2" | "${in_order[@]}")" ]]
}
