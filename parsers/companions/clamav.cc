// clamav-milter (clamav-milter/clamfi.c, LogInfected and LogClean) and clamsmtp
// (common/smtppass.c, src/clamsmtpd.c).
#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

constexpr FactForm kMilter[] = {
    {"Message {} from <{?}> to <{}> with subject '{?}' message-id '{?}' date '{?}' infected by {}",
     "id from to subject message_id date virus", "infected"},
    {"Clean message {} from <{?}> to <{}> with subject '{?}' message-id '{?}' date '{?}'",
     "id from to subject message_id date", "clean"},
    {"Message from <{?}> to <{}> infected by {}", "from to virus", "infected"},
    {"Clean message from <{?}> to <{}>", "from to", "clean"},
    {"Intercepted virus from {} to {}", "from to", "infected"},
};
constexpr FactForm kSkips[] = {
    {"Skipping scan for authenticated user {}", "login", "not scanned"},
    {"Skipping scan for {} (whitelisted from)", "from", "not scanned"},
    {"Skipping scan for {} (in LocalNet)", "host", "not scanned"},
    {"Skipping scan (all destinations whitelisted)", "", "not scanned"},
};
constexpr KnownForm kIgnored[] = {
    {"+++ Started at {}", "clamav-milter/clamav-milter.c"},
    {"Probe for slot {}", "clamav-milter/connpool.c"},
    {"Probe for socket {} returned: success", "clamav-milter/connpool.c"},
    {"Started at {}", "clamav-milter/clamav-milter.c"},
    {"ClamAV: mi_stop=1", "libmilter"},
};
constexpr KnownForm kTrouble[] = {
    {"ERROR: Failed to initiate streaming/fdpassing", "clamav-milter/clamfi.c"},
    {"ERROR: Failed to write temporary file", "clamav-milter/clamfi.c"},
    {"ERROR: Streaming failed", "clamav-milter/clamfi.c"},
    {"ERROR: FD scan request failed", "clamav-milter/clamfi.c"},
    {"ERROR: FD send failed", "clamav-milter/clamfi.c"},
    {"ERROR: Failed to flush STREAM", "clamav-milter/clamfi.c"},
    {"ERROR: No reply from clamd", "clamav-milter/clamfi.c"},
    {"ERROR: Unknown reply from clamd", "clamav-milter/clamfi.c"},
    {"WARNING: No clamd server appears to be available", "clamav-milter/connpool.c"},
    {"No clamd server appears to be available", "clamav-milter/connpool.c"},
    {"ERROR: Probe for slot {} failed", "clamav-milter/connpool.c"},
    {"WARNING: Failed to quarantine message", "clamav-milter/clamfi.c"},
};

// clamsmtp: "100001: from=a@x, to=b@y, status=CLEAN": addresses are strangers'; the status stands
// last.
ParsedLine parse_clamsmtp_status(std::string_view text) {
  CompanionFact fact;
  fact.source = "clamsmtp";
  const auto at = text.rfind(", status=");
  if (at == std::string_view::npos || !maybe_take(text, "from=")) return {};
  auto status = text.substr(at + 4);
  text = text.substr(0, at - 5);
  const auto to = text.rfind(", to=");
  fact.envelope_sender = text.substr(0, to);
  if (to != std::string_view::npos) {
    const auto list = text.substr(to + 5);
    if (list.find(", ") == std::string_view::npos) {
      fact.recipient = list;
    } else {
      add_value(fact, "recipients", list);
    }
  }
  if (maybe_take(status, "VIRUS:")) {
    add_value(fact, "virus", status);
    status = "VIRUS";
  }
  add_value(fact, "verdict", status);
  return {LineKind::clamav_verdict, fact};
}

constexpr KnownForm kClamsmtpIgnored[] = {
    {"accepted connection from: {}", "common/smtppass.c"},
    {"starting {}", "common/smtppass.c"},
    {"{} starting", "common/smtppass.c"},
    {"created acceptor socket", "common/smtppass.c"},
};

}  // namespace

ParsedLine parse_clamav(const LineHeader& /*header*/, std::string_view text) {
  auto out = parse_fact("clamav-milter", LineKind::clamav_verdict, kMilter, text);
  if (out.kind == LineKind::unrecognised) {
    out = parse_fact("clamav-milter", LineKind::clamav_verdict, kSkips, text);
  }
  if (out.kind == LineKind::unrecognised) out = parse_ignored(kIgnored, text);
  return out.kind == LineKind::unrecognised ? parse_trouble(kTrouble, text) : out;
}

ParsedLine parse_clamsmtp(const LineHeader& /*header*/, std::string_view text) {
  auto rest = text;
  const auto session = maybe_take_until(rest, std::string_view(": "));
  if (!session || session->find_first_not_of("0123456789ABCDEF") != std::string_view::npos) {
    return parse_ignored(kClamsmtpIgnored, text);
  }
  const auto out = parse_clamsmtp_status(rest);
  return out.kind == LineKind::unrecognised ? parse_ignored(kClamsmtpIgnored, rest) : out;
}

}  // namespace rastro::companions
