#include "parsers/exim/destination.h"

#include "core/address.h"
#include "parsers/exim/fields.h"
#include "parsers/scan.h"

namespace rastro::exim {
namespace {

bool ends_destination(std::string_view rest) {
  return rest.empty() || rest[0] == ' ' || rest[0] == ':';
}

bool is_command_or_path(std::string_view text) {
  return text.starts_with('|') || text.starts_with('/') || text.starts_with('>') ||
         text.starts_with("save ");
}

// Whether `shown` is `original` without the quotes of its local part: proof that the two belong
// together, however much `shown` looks like other fields. The domain may be missing (a local
// delivery) and differ in case.
bool is_unquoted(std::string_view shown, std::string_view original) {
  if (!original.starts_with('"')) return false;
  std::size_t at = 0;
  std::size_t i = 1;
  for (; i < original.size() && original[i] != '"'; ++i) {
    if (original[i] == '\\') ++i;
    if (i >= original.size() || at >= shown.size() || shown[at++] != original[i]) return false;
  }
  if (i >= original.size()) return false;
  return at == shown.size() || equal_ignoring_case(shown.substr(at), original.substr(i + 1));
}

// "(a, b)" behind a blank; an address in it may be quoted and hold anything.
bool take_parents(std::string_view& rest) {
  auto tail = rest;
  if (!maybe_take(tail, " (")) return false;
  bool quoted = false;
  for (std::size_t i = 0; i < tail.size(); ++i) {
    const char c = tail[i];
    if (quoted && c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ')' && !quoted) {
      tail.remove_prefix(i + 1);
      if (!tail.starts_with(" <")) return false;
      rest = tail;
      return true;
    }
  }
  return false;
}

bool take_original(std::string_view& rest, std::optional<std::string_view>& original) {
  auto tail = rest;
  if (!maybe_take(tail, ' ')) return false;
  const auto address = maybe_take_address(tail);
  if (!address || !ends_destination(tail)) return false;
  original = *address;
  rest = tail;
  return true;
}

// Sets `final` and what follows it if the final address ends at `end`.
bool ends_at(std::string_view text, std::size_t end, Destination& destination,
             std::string_view& rest) {
  auto tail = text.substr(end);
  std::optional<std::string_view> original;
  take_parents(tail);
  if (!take_original(tail, original)) return false;
  destination.final = text.substr(0, end);
  destination.original = original;
  rest = tail;
  return true;
}

bool take_proven(std::string_view& rest, Destination& destination) {
  unsigned tries = 0;
  // The quote is the rarest of the three.
  for (auto quote = rest.find('"'); quote != std::string_view::npos && tries < kReadingsMax;
       quote = rest.find('"', quote + 1)) {
    if (quote < 2 || rest[quote - 1] != '<' || rest[quote - 2] != ' ') continue;
    ++tries;
    const auto at = quote - 2;
    auto tail = rest.substr(at);
    std::optional<std::string_view> original;
    if (!take_original(tail, original) || !original) continue;
    if (!is_unquoted(rest.substr(0, at), *original)) continue;
    destination.final = rest.substr(0, at);
    destination.original = original;
    rest = tail;
    return true;
  }
  return false;
}

bool take_plain(std::string_view& rest, Destination& destination) {
  auto tail = rest;
  const auto word = tail.starts_with('"') ? maybe_take_mailbox(tail) : maybe_take_word(tail);
  if (!word) return false;
  destination.final = *word;
  if (word->ends_with(':') && *word != ":blackhole:") {
    destination.final.remove_suffix(1);
    rest = rest.substr(destination.final.size());
    return !destination.final.empty();
  }
  take_parents(tail);
  take_original(tail, destination.original);
  rest = tail;
  return true;
}

bool take_up_to_original(std::string_view& rest, unsigned reading, Destination& destination) {
  const auto text = rest;
  unsigned tries = 0;
  for (auto at = text.find(" <"); at != std::string_view::npos && tries < 4 * kReadingsMax;
       at = text.find(" <", at + 1), ++tries) {
    if (at == 0) continue;
    auto end = at;
    // Parents stand in brackets in front of the original.
    if (text[at - 1] == ')') {
      const auto open = text.substr(0, at).rfind(" (");
      Destination with_parents;
      std::string_view tail;
      if (open != std::string_view::npos && open > 0 && ends_at(text, open, with_parents, tail)) {
        end = open;
      }
    }
    Destination found;
    std::string_view tail;
    if (!ends_at(text, end, found, tail)) continue;
    if (reading-- > 0) continue;
    destination = found;
    rest = tail;
    return true;
  }
  return false;
}

// Domains are missing on local deliveries (log_as_local); the original has it.
void complete(Destination& destination) {
  // "sales+spam |/usr/bin/program": the affixed local part in front of its pipe.
  if (const auto pipe = destination.final.find(" |/");
      pipe != std::string_view::npos && pipe < destination.final.find('@')) {
    destination.final.remove_prefix(pipe + 1);
  }
  destination.recipient = destination.final;
  // A forward's target that was written with a blank in front of it.
  if (destination.final.starts_with(' ') && destination.final.find('@') != std::string_view::npos)
    destination.recipient.remove_prefix(destination.final.find_first_not_of(' '));
  if (!destination.original || is_command_or_path(destination.final)) return;
  const auto parts = split_address(*destination.original);
  const bool same_local_part = equal_ignoring_case(destination.final, parts.local_part) ||
                               is_unquoted(destination.final, *destination.original) ||
                               equal_ignoring_case(destination.final, *destination.original);
  if (!same_local_part) return;
  destination.recipient = *destination.original;
  destination.original.reset();
}

}  // namespace

bool take_destination(std::string_view& rest, unsigned reading, Destination& destination) {
  destination = {};
  bool taken = false;
  if (is_command_or_path(rest)) {
    taken = take_up_to_original(rest, reading, destination) ||
            (reading == 0 && take_plain(rest, destination));
  } else if (take_proven(rest, destination)) {
    taken = reading == 0;
  } else if (reading == 0) {
    taken = take_plain(rest, destination);
  } else {
    taken = take_up_to_original(rest, reading - 1, destination);
  }
  if (taken) complete(destination);
  return taken;
}

}  // namespace rastro::exim
