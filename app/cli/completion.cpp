#include "app/cli/completion.hpp"

#include "app/cli/verbs.hpp"

#include <vector>

/// All three scripts look up what may follow in one table: from the verbs typed so far, such as
/// "gateway run", to the words that may come next.
namespace troupe::cli {
namespace {

struct entry {
  std::string verbs; ///< "gateway run"; empty: none yet.
  std::string next;  ///< Words, by blanks.
};

void collect(const word_tree& at, const std::string& verbs, const std::string& inherited,
             std::vector<entry>& out) {
  std::string next;
  for (const auto& under : at.under)
    next += (next.empty() ? "" : " ") + under.word;
  std::string options;
  for (const auto& option : at.options)
    options += " " + option.name;
  // The options of the whole program are allowed with every verb.
  const auto everywhere = inherited.empty() ? options : inherited;
  out.push_back({verbs, next + options + (inherited.empty() ? "" : inherited)});
  for (const auto& under : at.under)
    collect(under, verbs.empty() ? under.word : verbs + " " + under.word, everywhere, out);
}

std::vector<entry> table_of(const word_tree& words) {
  std::vector<entry> out;
  collect(words, "", "", out);
  return out;
}

/// `case` branches of a POSIX-like shell.
std::string cases(const std::vector<entry>& table) {
  std::string out;
  for (const auto& each : table)
    out += "    '" + each.verbs + "') words='" + each.next + "' ;;\n";
  return out;
}

/// Verbs are the words that are verbs where they stand; options and their values are not.
const char* const bash_head = R"sh(# bash completion for troupe
_troupe_words() {
  local words=''
  case "$1" in
)sh";
const char* const bash_tail = R"sh(  esac
  printf '%s' "$words"
}
_troupe() {
  local current="${COMP_WORDS[COMP_CWORD]}" verbs='' word next i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="${COMP_WORDS[i]}"
    [[ $word == -* ]] && continue
    next=" $(_troupe_words "$verbs") "
    [[ $next == *" $word "* ]] && verbs="${verbs:+$verbs }$word"
  done
  COMPREPLY=($(compgen -W "$(_troupe_words "$verbs")" -- "$current"))
}
complete -o default -F _troupe troupe
)sh";

const char* const zsh_head = R"sh(#compdef troupe
_troupe_words() {
  local words=''
  case "$1" in
)sh";
const char* const zsh_tail = R"sh(  esac
  print -rn -- "$words"
}
_troupe() {
  local verbs='' word next i
  for ((i = 2; i < CURRENT; i++)); do
    word="${words[i]}"
    [[ $word == -* ]] && continue
    next=" $(_troupe_words "$verbs") "
    [[ $next == *" $word "* ]] && verbs="${verbs:+$verbs }$word"
  done
  local -a candidates
  candidates=(${(s: :)" $(_troupe_words "$verbs") "})
                                 compadd -
                                 a candidates ||
                             _files
}
if
  [[$zsh_eval_context == *loadautofunc * ]]; then
  _troupe "$@"
else
  compdef _troupe troupe
fi
)sh";

const char* const fish_head = R"sh(# fish completion for troupe
function __troupe_words
    switch "$argv[1]"
)sh";
const char* const fish_tail = R"sh(    end
end
function __troupe_next
    set -l verbs ''
    for word in (commandline -opc)[2..-1]
        string match -q -- '-*' $word; and continue
        if contains -- $word (string split ' ' (__troupe_words "$verbs"))
            set verbs (string trim "$verbs $word")
        end
    end
    string split ' ' (__troupe_words "$verbs")
end
complete -c troupe -a '(__troupe_next)'
)sh";

std::string fish_cases(const std::vector<entry>& table) {
  std::string out;
  for (const auto& each : table)
    out += "        case '" + each.verbs + "'\n            echo '" + each.next + "'\n";
  return out;
}

} // namespace

std::string completion_script(const word_tree& words, const std::string& shell) {
  const auto table = table_of(words);
  if (shell == "zsh")
    return zsh_head + cases(table) + zsh_tail;
  if (shell == "fish")
    return fish_head + fish_cases(table) + fish_tail;
  return bash_head + cases(table) + bash_tail;
}

outcome<exit_status> run(const completion_verb& verb, const verb_context& with) {
  auto script = completion_script(command_words(), verb.shell);
  with.to.object({{"shell", verb.shell}, {"script", script}});
  script.pop_back(); // `line` ends it.
  with.to.line(script);
  return exit_status::ok;
}

} // namespace troupe::cli
