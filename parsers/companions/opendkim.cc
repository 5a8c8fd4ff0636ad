// OpenDKIM (opendkim/opendkim.c): signatures made and checked, by queue id.
#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

// Behind "ID: ". What was signed or checked, and what could not be.
constexpr FactForm kForms[] = {
    {"DKIM-Signature field added (s={}, d={})", "selector domain", "signed"},
    {"DKIM-Signature header added (s={}, d={})", "selector domain", "signed"},  // before 2.4
    {"DKIM-Signature field added", "", "signed"},
    {"DKIM-Signature header added", "", "signed"},
    {"message has signatures from {}", "domains", "signatures found"},  // LogResults
    {"DKIM verification successful", "", "pass"},
    {"no signature data", "", "none"},
    {"bad signature data", "", "fail"},
    // OpenSSL's errors with that signature: none where it was verified.
    {"s={} d={} a={} SSL {}", "selector domain algorithm ssl", "fail"},
    {"s={} d={} SSL {}", "selector domain ssl", "fail"},
    {"s={} d={} a={} SSL ", "selector domain algorithm", "verified"},
    {"s={} d={} SSL ", "selector domain", "verified"},
    {"s={} d={} a={} SSL", "selector domain algorithm", "verified"},  // its blank cut off
    {"s={} d={} SSL", "selector domain", "verified"},
    {"SSL {}", "error", "error"},
    {"key revoked (s={}, d={}, a={})", "selector domain algorithm", "key revoked"},
    {"key revoked (s={}, d={})", "selector domain", "key revoked"},
    {"key retrieval failed (s={}, d={}){?}", "selector domain error", "key retrieval failed"},
    {"key retrieval failed{?}", "error", "key retrieval failed"},
    {"signature processing failed: {}", "error", "error"},
    {"syntax error: {}", "error", "error"},
    {"signature generation error: {}", "error", "error"},
    {"internal error from libopendkim: {}", "error", "error"},
    {"{}: internal error from libopendkim: {}", "where error", "error"},
    {"resource unavailable: {}", "error", "error"},
    {"{}: resource unavailable: {}", "where error", "error"},
    {"ignoring {} signatures", "#count", "signatures ignored"},
    {"ignoring {} signature", "#count", "signatures ignored"},
    {"ignoring signature from {}", "domain", "signatures ignored"},
    {"can't determine message sender; accepting", "", "no sender"},
    {"can't parse macro {} header value '{}'", "macro value", "no sender"},
    {"can't parse {}: header value '{}'", "header value", "no sender"},
    {"can't parse default sender value '{}'", "value", "no sender"},
    {"can't parse {}: header", "header", "error"},
    {"domain '{}' exempted, accepting", "domain", "exempted"},
    {"failed to add signature for default key", "", "error"},
    {"failed to add signature for key '{}'", "key", "error"},
    {"no MTA name match (host={}, MTA={})", "signer_host mta", "not signed"},
    {"no MTA name match (host={}, MTA={})?", "signer_host mta", "not signed"},
    {"no macros match", "", "not signed"},
    {"{} [{}] not internal", "host ip", "not signed: not internal"},
    {"not authenticated", "", "not signed: not authenticated"},
    {"not POP authenticated", "", "not signed: not authenticated"},
    {"no signing domain match for '{}'", "domain", "not signed: no domain"},
    {"no signing subdomain match for '{}'", "domain", "not signed: no domain"},
    {"no signing table match for '{}'", "address", "not signed: no key"},
    {"external host {} attempted to send as {}", "host domain", "external sender of own domain"},
    {"signing table references unknown key '{}'", "key", "error"},
    {"error loading key '{}'", "key", "error"},
    {"error reading signing table", "", "error"},
    {"failed to add default signing request", "", "error"},
    {"skipping signing of mail to '{}'", "address", "not signed: recipient"},
    {"BodyLengthDB matched {}, signing with l= requested", "address", "signing with l="},
    {"RFC5322 header requirement error: {}", "error", "bad header"},
    {"cannot find identity header {}", "header", "no sender"},
    {"rate limit for '{}' ({}) exceeded", "domain #limit", "rate limit"},
    {"rate limit for unsigned mail ({}) exceeded", "#limit", "rate limit"},
    {"blocked by reputation of {}", "domain", "blocked by reputation"},
    {"would be blocked by reputation of {}", "domain", "reputation"},
    {"allowed by reputation of {}", "domain", "reputation"},
    {"no reputation data available for \"{}\"", "domain", "reputation"},
    {"failed to parse {}: header field", "header", "error"},
    {"failed to parse Authentication-Results: header field", "", "error"},
    {"{} header add failed", "header", "error"},
    {"{} header remove failed", "header", "error"},
    {"smfi_{}() failed", "call", "error"},
    {"dkim{}() failed", "call", "error"},
    {"dkimf_{}() failed: {}", "call error", "error"},
    {"key data is not secure: {}", "error", "key is not secure"},
};

// Sendmail's dkim-filter 2.x (dkim-filter/dkim-filter.c), behind "ID ".
constexpr FactForm kFilterForms[] = {
    {"\"DKIM-Signature\" header added", "", "signed"},
    {"ADSP query: {}", "error", "error"},
    {"external host {} attempted to send as {}", "host domain", "external sender of own domain"},
};

constexpr KnownForm kIgnored[] = {
    {"OpenDKIM Filter v{} starting ({})", "opendkim/opendkim.c"},
    {"OpenDKIM Filter v{} terminating with status {}, errno = {}", "opendkim/opendkim.c"},
    {"OpenDKIM Filter v{}", "opendkim/opendkim.c"},
    {"OpenDKIM Filter: mi_stop=1", "libmilter/handler.c"},
    {"OpenDKIM Filter: {}", "libmilter"},
    {"Sendmail DKIM Filter {}", "dkim-filter/dkim-filter.c"},  // what OpenDKIM came from
    {"configuration reloaded from {}", "opendkim/opendkim.c"},
    {"terminated with signal {}, restarting", "opendkim/opendkim.c"},
    {"exited with status {}, restarting", "opendkim/opendkim.c"},
    {"exited with status {}", "opendkim/opendkim.c"},
    {"cache: {} queries, {} hits ({}%), {} expired, {} keys", "opendkim/opendkim.c"},
};
constexpr KnownForm kTrouble[] = {
    {"key '{}' could not be {}", "opendkim/opendkim.c"},
    {"key '{}' not found", "opendkim/opendkim.c"},
    {"error loading key '{}'", "opendkim/opendkim.c"},
    {"/{}: settings found for deprecated value(s): {}", "opendkim/opendkim.c"},
    {"key '{}': dkimf_db_get(){?}", "opendkim/opendkim.c"},
    {"error requesting key '{}'", "opendkim/opendkim.c"},
    {"failed to load/apply default key", "opendkim/opendkim.c"},
    {"error looking up \"{}\" in database: {}", "opendkim/opendkim.c"},
    {"KeyTable entry for '{}' corrupt", "opendkim/opendkim.c"},
    {"KeyTable entry for '{}' cannot be resolved", "opendkim/opendkim.c"},
    {"can't load key from {}: {}", "opendkim/opendkim.c"},
    {"{}: key data is not secure: {}", "opendkim/opendkim.c"},
    {"error parsing ReportAddress; using default", "opendkim/opendkim.c"},
    {"ignoring reload signal", "opendkim/opendkim.c"},
    {"can't configure DKIM library: {}", "opendkim/opendkim.c"},
    {"can't initialize resolver: {}", "opendkim/opendkim.c"},
    {"message requeueing (internal error)", "opendkim/opendkim.c"},
    {"too much header data", "opendkim/opendkim.c"},
    {"ignoring header field '{}'", "opendkim/opendkim.c"},
    {"smfi_{}() failed", "opendkim/opendkim.c"},
    {"mlfi_negotiate(): {}", "opendkim/opendkim.c"},
    {"WARNING: symbol 'i' not available", "opendkim/opendkim.c"},
    {"WARNING: verifier mode operating without rsa-sha256 support", "opendkim/opendkim.c"},
    {"failed to remove {}: header", "opendkim/opendkim.c"},
    {"statistics recording failed", "opendkim/opendkim.c"},
    {"can't write pid to {}: {}", "opendkim/opendkim.c"},
    {"[parent] socket cleanup failed: {}", "opendkim/opendkim.c"},
    {"maximum restart {} exceeded", "opendkim/opendkim.c"},
    {"malloc(): {}", "opendkim/opendkim.c"},
    {"dkimf_{}() failed", "opendkim/opendkim.c"},
    {"using ChangeRootDirectory without Userid not advised", "opendkim/opendkim.c"},
    {"can't enable coredumps; continuing", "opendkim/opendkim.c"},
    {"no such group or gid '{}'", "opendkim/opendkim.c"},
    {"no such user or uid '{}'", "opendkim/opendkim.c"},
};

}  // namespace

ParsedLine parse_opendkim(const LineHeader& /*header*/, std::string_view text) {
  auto rest = text;
  const auto id = maybe_take_until(rest, std::string_view(": "));
  if (id && is_queue_id(*id)) {
    auto out = parse_fact("opendkim", LineKind::opendkim_verdict, kForms, rest);
    if (auto* fact = std::get_if<CompanionFact>(&out.event)) fact->queue_id = *id;
    return out;
  }
  // dkim-filter has no colon in some: "ID "DKIM-Signature" header added", "ID ADSP query: error".
  rest = text;
  if (const auto word = maybe_take_word(rest);
      word && is_queue_id(*word) && maybe_take(rest, ' ')) {
    auto said = parse_fact("opendkim", LineKind::opendkim_verdict, kFilterForms, rest);
    if (auto* fact = std::get_if<CompanionFact>(&said.event)) fact->queue_id = *word;
    if (said.kind != LineKind::unrecognised) return said;
  }
  const auto out = parse_ignored(kIgnored, text);
  return out.kind == LineKind::unrecognised ? parse_trouble(kTrouble, text) : out;
}

// dkimproxy 1.4 (bin/dkimproxy.in, dkimproxy.out): by Message-ID.
ParsedLine parse_dkimproxy(const LineHeader& /*header*/, std::string_view text) {
  constexpr FactForm kProxyForms[] = {
      {"DKIM verify - {}; message-id=<{?}>{?}", "verdict message_id detail", ""},
      {"DKIM signing - {}; message-id=<{?}>{?}", "verdict message_id detail", ""},
      {"DKIM verify - {}", "verdict", ""},
      {"DKIM signing - {}", "verdict", ""},
  };
  constexpr KnownForm kProxyIgnored[] = {
      {"Process Backgrounded", "Net::Server"}, {"Binding to {}", "Net::Server"},
      {"Setting gid to {}", "Net::Server"},    {"Setting uid to {}", "Net::Server"},
      {"connect from {}", "bin/dkimproxy.in"}, {"{} Server closing!", "Net::Server"},
  };
  auto out = parse_fact("dkimproxy", LineKind::opendkim_verdict, kProxyForms, text);
  return out.kind == LineKind::unrecognised ? parse_ignored(kProxyIgnored, text) : out;
}

}  // namespace rastro::companions
