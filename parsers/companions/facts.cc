#include <algorithm>
#include <cctype>

#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

bool take_client(std::string_view value, Peer& client) {
  const auto peer = maybe_take_peer(value);
  if (!peer || !value.empty()) return false;
  client = *peer;
  return true;
}

// False when `value` can't be what `name` says.
bool put(CompanionFact& fact, std::string_view name, std::string_view value) {
  if (name == "id") {
    fact.queue_id = value;
    return is_queue_id(value);
  }
  if (name == "client") return take_client(value, fact.client);
  if (name == "ip") {
    fact.client.ip = value;
    return is_ip(value);
  }
  if (name == "host") {
    fact.client.host = value;
  } else if (name == "from") {
    fact.envelope_sender = unbracketed(value);
  } else if (name == "to") {
    // One of several is not whom the message is for.
    if (value.starts_with('<') && value.find(">,<") != std::string_view::npos) {
      add_value(fact, "recipients", value);
    } else {
      fact.recipient = unbracketed(value);
    }
  } else if (name == "message_id") {
    if (is_message_id(value)) fact.message_id = value;
  } else if (name.starts_with('#')) {
    add_value(fact, name.substr(1), value);
    return is_number(value);
  } else {
    add_value(fact, name, value);
  }
  return true;
}

bool fill(CompanionFact& fact, const FactForm& form, const Captured& found) {
  auto names = form.holes;
  for (std::size_t i = 0; i < found.count; ++i) {
    const auto name = maybe_take_word(names);
    if (!name || !put(fact, *name, found.at[i])) return false;
    maybe_take(names, ' ');
  }
  return true;
}

ParsedLine parse_as(LineKind kind, std::span<const KnownForm> forms, std::string_view text) {
  const auto fits = [text](const KnownForm& form) {
    return match_form(text, form.text).has_value();
  };
  return std::ranges::any_of(forms, fits) ? ParsedLine{kind, {}} : ParsedLine{};
}

}  // namespace

ParsedLine parse_fact(std::string_view source, LineKind kind, std::span<const FactForm> forms,
                      std::string_view text) {
  for (const auto& form : forms) {
    const auto found = match_form(text, form.text);
    if (!found) continue;
    CompanionFact fact;
    fact.source = source;
    add_value(fact, "verdict", form.verdict);
    if (fill(fact, form, *found)) return {kind, fact};
  }
  return {};
}

ParsedLine parse_ignored(std::span<const KnownForm> forms, std::string_view text) {
  return parse_as(LineKind::known_ignored, forms, text);
}
ParsedLine parse_trouble(std::span<const KnownForm> forms, std::string_view text) {
  return parse_as(LineKind::companion_warning, forms, text);
}

void add_value(CompanionFact& fact, std::string_view name, std::string_view value) {
  if (value.empty() || fact.value_count == CompanionFact::kValuesMax) return;
  fact.values[fact.value_count++] = {name, value};
}

std::string_view unbracketed(std::string_view address) {
  if (address.size() >= 2 && address.front() == '<' && address.back() == '>') {
    return address.substr(1, address.size() - 2);
  }
  return address;
}

bool is_ip(std::string_view word) {
  if (word.starts_with("IPv6:")) word.remove_prefix(5);
  return word.size() >= 2 && word.find_first_of(".:") != std::string_view::npos &&
         std::ranges::all_of(word, [](unsigned char c) {
           return std::isxdigit(c) != 0 || c == '.' || c == ':' || c == '%';
         });
}

bool is_hidden_ip(std::string_view word) {
  return word.find_first_not_of("xXnN*#0123456789.:") == std::string_view::npos;
}

bool is_number(std::string_view word) {
  maybe_take(word, '-');
  return !word.empty() && word.size() < 20 &&
         word.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool is_message_id(std::string_view word) {
  return !word.empty() && word != "(unknown)" && word != "unspecified" && word != "undef" &&
         word != "UNKNOWN" && word != "<>";
}

bool is_queue_id(std::string_view word) {
  if (is_postfix_queue_id(word) || is_exim_message_id(word)) return true;
  // Sendmail's, which OpenDKIM and others print as they get it.
  return word.size() >= 14 && word.size() <= 16 &&
         std::ranges::all_of(word, [](unsigned char c) { return std::isalnum(c) != 0; });
}

}  // namespace rastro::companions
