// Content filters that are called for each message: DSPAM (dspam.c, daemon.c, client.c), Kaspersky
// Security for Linux Mail Server and Secure Mail Gateway; and greyfix (greyfix.c), which logs only
// what goes wrong.
#include <algorithm>
#include <iterator>

#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

constexpr FactForm kDspam[] = {
    {"innocent message from {}", "ip", "innocent"},
    {"spam detected from {}", "ip", "spam"},
    {"virus warning: infected message from {}", "ip", "infected"},
    {"Signature retrieval for '{}' failed", "signature", "not learned"},
};
constexpr KnownForm kDspamIgnored[] = {
    {"Daemon process starting", "dspam.c"},
    {"Daemon process exiting", "dspam.c"},
    {"Daemon process starting/restarting", "dspam.c"},
};
constexpr KnownForm kDspamTrouble[] = {
    {"Unable to open file for reading: {}: {}", "util.c"},
    {"Unable to open file for writing: {}: {}", "util.c"},
    {"Unable to create directory: {}: {}", "util.c"},
    {"Unable to attach DSPAM context", "dspam.c"},
    {"Unable to find a valid signature. Aborting.", "dspam.c"},
    {"process_message returned error {}.  dropping message.", "dspam.c"},
    {"process_message returned error {}.  delivering.", "dspam.c"},
    {"Delivery agent returned exit code {}: {}", "dspam.c"},
    {"Unable to determine the destination user", "dspam.c"},
    {"Unable to initialize storage driver", "dspam.c"},
    {"Unable to connect to {}: {}", "client.c"},
    {"Unable to connect to server", "client.c"},
    {"Client exited with error {}", "client.c"},
    {"Bailing on error {}", "dspam.c"},
    {"bailing on error {}", "dspam.c"},
    {"query error: {}: see sql.errors for more details", "mysql_drv.c, pgsql_drv.c"},
    {"query error: {}", "mysql_drv.c, pgsql_drv.c"},
};

constexpr KnownForm kGreyfixIgnored[] = {
    {"Expired {} triplets", "greyfix.c"}, {"Expiring {} {} after {} seconds idle", "greyfix.c"},
    {"Received signal {}", "greyfix.c"},  {"daemon stopped", "greyfix.c"},
    {"daemon started", "greyfix.c"},
};
constexpr KnownForm kGreyfixTrouble[] = {
    {"error: {}", "greyfix.c"},
    {"Could not apply network strip", "greyfix.c"},
    {"Invalid reject_action sequence {}", "greyfix.c"},
};

// `key="value","value"`: the quotes of a value are not doubled, so it ends before `: ` or the end.
std::string_view take_quoted_values(std::string_view& text) {
  auto end = text.find("\": ");
  if (end == std::string_view::npos) end = text.size() - 1;
  const auto values = text.substr(0, end);
  text.remove_prefix(std::min(end + 3, text.size()));
  return values;
}

}  // namespace

ParsedLine parse_dspam(const LineHeader& /*header*/, std::string_view text) {
  auto out = parse_fact("dspam", LineKind::filter_verdict, kDspam, text);
  if (out.kind == LineKind::unrecognised) out = parse_ignored(kDspamIgnored, text);
  return out.kind == LineKind::unrecognised ? parse_trouble(kDspamTrouble, text) : out;
}

ParsedLine parse_greyfix(const LineHeader& /*header*/, std::string_view text) {
  const auto out = parse_ignored(kGreyfixIgnored, text);
  return out.kind == LineKind::unrecognised ? parse_trouble(kGreyfixTrouble, text) : out;
}

// `clean: message-id="<m@x>": mail-from="a@x": rcpt-to="b@y","c@y": action="Skipped"`.
ParsedLine parse_kaspersky(const LineHeader& /*header*/, std::string_view text) {
  const auto verdict = maybe_take_until(text, std::string_view(": "));
  constexpr std::string_view kVerdicts[] = {
      "clean",       "infected", "disinfected", "suspicious",    "protected",
      "not_scanned", "error",    "spam",        "probable_spam", "not_spam",
      "blacklisted", "trusted",  "mass_mail",   "phishing",      "malicious"};
  if (!verdict || std::ranges::find(kVerdicts, *verdict) == std::end(kVerdicts)) return {};
  CompanionFact fact;
  fact.source = "kaspersky";
  add_value(fact, "verdict", *verdict);
  while (!text.empty()) {
    const auto name = maybe_take_until(text, std::string_view("=\""));
    if (!name || name->find_first_of(" \":") != std::string_view::npos || text.empty() ||
        !text.ends_with('"')) {
      return {};
    }
    const auto value = take_quoted_values(text);
    if (*name == "message-id") {
      if (is_message_id(value)) fact.message_id = value;
    } else if (*name == "mail-from") {
      fact.envelope_sender = unbracketed(value);
    } else if (*name == "rcpt-to" && value.find("\",\"") == std::string_view::npos) {
      fact.recipient = unbracketed(value);
    } else {
      add_value(fact, *name, value);
    }
  }
  return {LineKind::filter_verdict, fact};
}

}  // namespace rastro::companions
