# SPDX-License-Identifier: MIT OR Apache-2.0
# bash as a user of malloc (Debian's bash has no allocator of its own): arrays, expansions,
# functions made anew, command substitution by fork, here documents, regular expressions.

declare -A seen
declare -a list
value=17

next() { value=$(((value * 1103515245 + 12345) % 2147483648)); }

for ((i = 0; i < 20000; i++)); do
    next
    key="k$((value / 65536 % 3000))"
    seen[$key]=$((${seen[$key]:-0} + 1))
    list+=("$key-$i")
    if ((i % 3 == 0)); then unset "list[$((i / 2))]"; fi
done
echo "arrays ${#seen[@]} ${#list[@]}"
for key in "${!seen[@]}"; do echo "$key ${seen[$key]}"; done | sort | sha256sum
echo "last ${list[@]: -3}"

text=
for ((i = 0; i < 1500; i++)); do
    text+="word$i "
    text=${text//word$((i - 7)) /w }
    if [[ $text =~ (word[0-9]+)\ (word[0-9]+) ]]; then first=${BASH_REMATCH[1]}; fi
done
echo "text ${#text} $first ${text:100:30} ${text^^}" | sha256sum

for ((i = 0; i < 400; i++)); do
    eval "made_$i() { local a=\$1 b=\"\${1}x\$2\"; printf '%s:%d' \"\$b\" \$((a + $i)); }"
done
result=
for ((i = 0; i < 400; i++)); do result=$(made_$i "$i" "$result"); result=${result: -200}; done
echo "functions $result"

walk() {
    local depth=$1 here=("$@")
    if ((depth == 0)); then echo "${#here[@]}"; return; fi
    walk $((depth - 1)) "${here[@]}" more
}
echo "recursion $(walk 150)"

total=0
for ((i = 0; i < 150; i++)); do
    while read -r a b; do total=$((total + a * b)); done <<END
$i 2
$((i + 1)) 3
END
    mapfile -t lines < <(printf '%s\n' {1..40})
    total=$((total + ${#lines[@]}))
done
echo "documents $total"

coproc BACK { while read -r line; do echo "back $line"; done; }
for i in 1 2 3; do
    echo "$i" >&"${BACK[1]}"
    read -r answer <&"${BACK[0]}"
    echo "$answer"
done
