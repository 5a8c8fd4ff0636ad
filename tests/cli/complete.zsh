# What zsh completes: complete.zsh SCRIPT WORDS..., a line each. A shell on a pseudo terminal types the
# words and a tab; Ctrl-T prints what then stands in the line.
zmodload zsh/zpty || exit 3
zpty z zsh -f -i
zpty -w z "autoload -Uz compinit; compinit -u -D; rastro() { print 6p17v6ktd1naw; print 6p188p0z5xpgb }; source $1; tell() { print -r -- \"<<\$BUFFER>>\"; BUFFER=; zle accept-line }; zle -N tell; bindkey '^T' tell; print READY'!'"
zpty -r z said '*READY!*' || exit 4
shift
for words in "$@"; do
  zpty -w -n z "$words"$'\t\x14'
  zpty -r z said '*<<*>>*' || exit 5
  print -r -- "${${said##*<<}%%>>*}"
done
