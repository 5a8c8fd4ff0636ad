// Milters that say one thing about a message: dkimpy-milter (dkimpy_milter/__init__.py),
// milter-regex (milter-regex.c), smf-spf (smf-spf.c).
#include "parsers/companions/internal.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

// Behind the queue id, or "None", and the algorithm.
constexpr FactForm kDkimpy[] = {
    {"DKIM signature verified (s={} d={})", "selector domain", "pass"},
    {"DKIM signature added (s={} d={})", "selector domain", "signed"},
    {"DKIM-Signature field added (s={} d={})", "selector domain", "signed"},
};
constexpr FactForm kDkimpyUnnamed[] = {
    {"DKIM: Fail ({})", "detail", "fail"},
    {"DKIM: Fail, unextractable domain", "", "fail"},
    {"DKIM: {}", "detail", "not checked"},
};
constexpr KnownForm kDkimpyIgnored[] = {
    {"dkimpy-milter starting:{} user:{}", "dkimpy_milter/__init__.py"},
    {"canonicalize: {}", "dkimpy_milter/__init__.py"},
};
constexpr KnownForm kDkimpyTrouble[] = {
    {"sign_dkim: {}", "dkimpy_milter/__init__.py"},
    {"check_dkim: {}", "dkimpy_milter/__init__.py"},
    {"Error: Invalid KeyTable data {}", "dkimpy_milter/__init__.py"},
    {R"(LISTEN_FDS is set to "{}", but we only know how to deal with "1", ignoring it)",
     "dkimpy_milter/__init__.py"},
};

// Behind "mx.example.net [192.0.2.1]: "; the headers' values stand last.
constexpr FactForm kRegex[] = {
    {"ACCEPT, HELO: {?}, FROM: {?}, RCPT: {?}, From: {?}, To: {?}, Subject: {?}",
     "helo from recipients header_from header_to subject", "accept"},
    {"{}: {?}, HELO: {?}, FROM: {?}, RCPT: {?}, From: {?}, To: {?}, Subject: {?}",
     "action text helo from recipients header_from header_to subject", ""},
};
constexpr KnownForm kRegexIgnored[] = {
    {"started: {}", "milter-regex.c"},
    {"configuration file {} loaded successfully", "milter-regex.c"},
    {"GeoIP is {}.", "milter-regex.c"},
    {"smfi_main: terminating without error", "milter-regex.c"},
};
constexpr KnownForm kRegexTrouble[] = {
    {"die: {}", "milter-regex.c"},
    {"smfi_main: terminating due to error", "milter-regex.c"},
    {"cb_connect: {}", "milter-regex.c"},
    {"parse_ruleset: {}", "milter-regex.c"},
};

constexpr FactForm kSmfSpf[] = {
    {"SPF {}: ip={}, fqdn={}, helo={}, from={}", "verdict ip host helo from", ""},
    {"SPF {}: {}, {}, {}, {}", "verdict ip host helo from", ""},
};
constexpr KnownForm kSmfSpfIgnored[] = {
    {"starting {} listening on {}", "smf-spf.c"},
    {"stopping {}", "smf-spf.c"},
    {"[INFO] {}", "smf-spf.c"},
};
constexpr KnownForm kSmfSpfTrouble[] = {
    {"[ERROR] {}", "smf-spf.c"},
};

bool is_regex_action(std::string_view word) {
  return word == "REJECT" || word == "TEMPFAIL" || word == "DISCARD" || word == "ACCEPT" ||
         word == "QUARANTINE" || word == "WHITELIST";
}

}  // namespace

ParsedLine parse_dkimpy(const LineHeader& /*header*/, std::string_view text) {
  auto rest = text;
  const auto id = maybe_take_until(rest, std::string_view(": "));
  const auto algorithm = id ? maybe_take_until(rest, ' ') : std::nullopt;
  if (id && algorithm && (*id == "None" || is_queue_id(*id)) &&
      (*algorithm == "rsa-sha256" || *algorithm == "rsa-sha1" || *algorithm == "ed25519-sha256")) {
    auto out = parse_fact("dkimpy-milter", LineKind::opendkim_verdict, kDkimpy, rest);
    if (auto* fact = std::get_if<CompanionFact>(&out.event)) {
      if (*id != "None") fact->queue_id = *id;
      add_value(*fact, "algorithm", *algorithm);
    }
    return out;
  }
  auto out = parse_fact("dkimpy-milter", LineKind::opendkim_verdict, kDkimpyUnnamed, text);
  if (out.kind == LineKind::unrecognised) out = parse_ignored(kDkimpyIgnored, text);
  return out.kind == LineKind::unrecognised ? parse_trouble(kDkimpyTrouble, text) : out;
}

ParsedLine parse_milter_regex(const LineHeader& /*header*/, std::string_view text) {
  auto rest = text;
  const auto host = maybe_take_until(rest, std::string_view(" ["));
  const auto ip = host ? maybe_take_until(rest, std::string_view("]: ")) : std::nullopt;
  if (host && ip && (is_ip(*ip) || *ip == "unknown")) {
    auto out = parse_fact("milter-regex", LineKind::filter_verdict, kRegex, rest);
    if (auto* fact = std::get_if<CompanionFact>(&out.event)) {
      for (std::size_t i = 0; i < fact->value_count; ++i) {
        if (fact->values[i].name == "action" && !is_regex_action(fact->values[i].value)) return {};
      }
      fact->client.host = *host;
      if (*ip != "unknown") fact->client.ip = *ip;
      return out;
    }
  }
  const auto out = parse_ignored(kRegexIgnored, text);
  return out.kind == LineKind::unrecognised ? parse_trouble(kRegexTrouble, text) : out;
}

ParsedLine parse_smf_spf(const LineHeader& /*header*/, std::string_view text) {
  auto out = parse_fact("smf-spf", LineKind::policyd_spf_verdict, kSmfSpf, text);
  if (out.kind == LineKind::unrecognised) out = parse_ignored(kSmfSpfIgnored, text);
  return out.kind == LineKind::unrecognised ? parse_trouble(kSmfSpfTrouble, text) : out;
}

}  // namespace rastro::companions
