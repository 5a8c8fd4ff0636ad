#include "parsers/exim/fields.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>

#include "core/ascii.h"
#include "parsers/scan.h"

namespace rastro::exim {
namespace {

// Four parts with a dot between them, a mark among the figures: "x.x.x.x", "V4NET.0.0.1".
bool is_masked_ip(std::string_view text) {
  std::size_t parts = 1;
  std::size_t length = 0;
  bool mark = false;
  for (const char c : text) {
    if (c == '.') {
      if (length == 0) return false;
      ++parts;
      length = 0;
      continue;
    }
    if (!is_alnum(c) && c != '*') return false;
    if (++length > 5) return false;
    mark = mark || !is_digit(c);
  }
  return mark && length > 0 && parts == 4;
}

// What a character is in an address: a figure or hexadecimal letter, a separator, or neither.
enum : unsigned char { kFigure, kSeparator, kNeither };
constexpr auto kInAddress = [] {
  std::array<unsigned char, 256> out{};
  for (std::size_t c = 0; c < out.size(); ++c) {
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    out[c] = hex ? kFigure : c == '.' || c == ':' ? kSeparator : kNeither;
  }
  return out;
}();

bool is_ip(std::string_view text) {
  if (text.size() < 2 || text.size() > 64) return false;
  std::size_t separators = 0;
  for (const char c : text) {
    const auto kind = kInAddress[static_cast<unsigned char>(c)];
    if (kind == kNeither) {
      return c == '%' ? separators > 1 : is_masked_ip(text);  // a scope id, "fe80::1%eth0"
    }
    separators += kind;
  }
  return separators > 1;
}

// "[ip]" and ":port", and the "*" of a further delivery on one connection.
[[gnu::always_inline]] inline bool take_ip(std::string_view& rest, std::string_view& ip,
                                           std::uint16_t& port) {
  auto tail = rest;
  if (!maybe_take(tail, '[')) return false;
  const auto inside = maybe_take_until(tail, ']');
  if (!inside || !is_ip(*inside)) return false;
  port = 0;
  if (tail.size() > 1 && tail[0] == ':' && is_digit(tail[1])) {
    tail.remove_prefix(1);
    const auto number = maybe_take_number(tail);
    if (!number || *number > 65535) return false;
    port = static_cast<std::uint16_t>(*number);
  } else if (tail.size() > 1 && tail[0] == ':' && tail[1] >= 'A' && tail[1] <= 'Z') {
    const auto name =
        tail.substr(1, tail.find_first_of(" :*", 1) - 1);  // "PORT", a mark in its place
    if (!std::ranges::all_of(
            name, [](char c) { return (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c); })) {
      return false;
    }
    tail.remove_prefix(1 + name.size());
  }
  ip = *inside;
  rest = tail;
  return true;
}

bool ends_host(std::string_view rest) { return rest.empty() || rest[0] == ' ' || rest[0] == ':'; }

// The address behind a host name or HELO name; in front of it the blank that `rest` starts with.
[[gnu::always_inline]] inline bool take_blank_and_ip(std::string_view& rest, Peer& peer) {
  auto tail = rest;
  if (!maybe_take(tail, ' ') || !take_ip(tail, peer.ip, peer.port)) return false;
  if (maybe_take(tail, '*') && !ends_host(tail)) return false;
  if (!ends_host(tail)) return false;
  rest = tail;
  return true;
}

bool take_helo_and_ip(std::string_view& rest, unsigned reading, Host& host) {
  if (rest.empty() || rest[0] != '(') return false;
  for (auto end = rest.find(") [", 1); end != std::string_view::npos;
       end = rest.find(") [", end + 1)) {
    auto tail = rest.substr(end + 1);
    Peer peer = host.peer;
    if (!take_blank_and_ip(tail, peer)) continue;
    if (reading-- > 0) continue;
    host.helo = rest.substr(1, end - 1);
    host.peer = peer;
    rest = tail;
    return true;
  }
  return false;
}

[[gnu::always_inline]] inline std::optional<std::string_view> maybe_take_value(
    std::string_view& rest, Place place) {
  auto value = maybe_take_word(rest);
  if (value && place == Place::failure && value->ends_with(':')) {
    // ": text" follows; the colon is not the value's.
    rest = std::string_view(value->data() + value->size() - 1, rest.size() + 1);
    value->remove_suffix(1);
    if (value->empty()) return std::nullopt;
  }
  return value;
}

// A flag without a value ("L", "K", "PRDR") stands alone.
[[maybe_unused]] bool take_flag(std::string_view& rest, std::string_view flag) {
  auto tail = rest;
  if (!maybe_take(tail, flag) || !ends_host(tail)) return false;
  rest = tail;
  return true;
}

enum Key : std::uint64_t {
  kHost = 1U << 0,
  kInterface = 1U << 1,
  kUser = 1U << 2,
  kProtocol = 1U << 3,
  kTls = 1U << 4,
  kVerified = 1U << 5,
  kPeerName = 1U << 6,
  kServerName = 1U << 7,
  kLogin = 1U << 8,
  kProxy = 1U << 9,
  kSize = 1U << 10,
  kBody = 1U << 11,
  kDkim = 1U << 12,
  kReceiveTime = 1U << 13,
  kQueue = 1U << 14,
  kMessageId = 1U << 15,
  kTopic = 1U << 16,
  kReference = 1U << 17,
  kSender = 1U << 18,
  kReturnPath = 1U << 19,
  kShadow = 1U << 20,
  kConfirmation = 1U << 21,
  kQueueTime = 1U << 22,
  kDeliverTime = 1U << 23,
  kFlagDnssec = 1U << 24,
  kFlagFastOpen = 1U << 25,
  kFlagPipelining = 1U << 26,
  kFlagPrdr = 1U << 27,
  kFlagChunking = 1U << 28,
  kFlagArc = 1U << 29,
  kBareSender = 1U << 30,
  kConnection = 1U << 31,
  kRewritten = std::uint64_t{1} << 32,  // the sender of an Exim with SRS, before 4.94
  // since 4.99
  kSequence = std::uint64_t{1} << 33,
  kSpf = std::uint64_t{1} << 34,
  kFlagSpf = std::uint64_t{1} << 35,
  kDmarc = std::uint64_t{1} << 36,
  kFlagDmarc = std::uint64_t{1} << 37,
  kNotify = std::uint64_t{1} << 38,
  kDirector = std::uint64_t{1} << 39,  // before 4.00: the router of local addresses
};

bool first(Fields& fields, Key key) {
  if ((fields.seen & key) != 0) return false;
  fields.seen |= key;
  return true;
}

struct KeyName {
  std::string_view text;
  Key key;
  bool flag;
};
// Longer names before their own beginnings.
constexpr KeyName kKeys[] = {
    {"H=", kHost, false},           {"I=", kInterface, false},
    {"U=", kUser, false},           {"PRX=", kProxy, false},
    {"PRDR", kFlagPrdr, true},      {"PS=", kSequence, false},
    {"P=", kProtocol, false},       {"X=", kTls, false},
    {"CV=", kVerified, false},      {"Ci=", kConnection, false},
    {"C=", kConfirmation, false},   {"DN=", kPeerName, false},
    {"DT=", kDeliverTime, false},   {"DKIM=", kDkim, false},
    {"DSN=", kNotify, false},       {"DS", kFlagDnssec, true},
    {"DMARC=", kDmarc, false},      {"DMARC", kFlagDmarc, true},
    {"D=", kDirector, false},       {"SNI=", kServerName, false},
    {"SPF=", kSpf, false},          {"SPF", kFlagSpf, true},
    {"ST=", kShadow, false},        {"SRS=<", kRewritten, false},
    {"S=", kSize, false},           {"A=", kLogin, false},
    {"ARC", kFlagArc, true},        {"M8S=", kBody, false},
    {"RT=", kReceiveTime, false},   {"R=", kReference, false},
    {"QT=", kQueueTime, false},     {"Q=", kQueue, false},
    {"id=", kMessageId, false},     {"id*=", kMessageId, false},
    {"TFO*", kFlagFastOpen, true},  {"TFO", kFlagFastOpen, true},
    {"T=", kTopic, false},          {"F=<", kSender, false},
    {"F=", kBareSender, false},     {"K", kFlagChunking, true},
    {"L*-", kFlagPipelining, true}, {"L*", kFlagPipelining, true},
    {"L.-", kFlagPipelining, true}, {"L.", kFlagPipelining, true},
    {"L-", kFlagPipelining, true},  {"L", kFlagPipelining, true},
};

// Which keys a place knows; a key elsewhere is text.
std::uint64_t keys_of(Place place) {
  constexpr std::uint64_t kTlsKeys = kTls | kVerified | kPeerName | kServerName;
  constexpr std::uint64_t kPolicyKeys = kSpf | kFlagSpf | kDmarc | kFlagDmarc | kNotify;
  switch (place) {
    case Place::arrival:
      return kHost | kInterface | kUser | kProtocol | kTlsKeys | kLogin | kProxy | kSize | kBody |
             kDkim | kReceiveTime | kQueue | kMessageId | kTopic | kReference | kFlagDnssec |
             kFlagFastOpen | kFlagPipelining | kFlagPrdr | kFlagChunking | kFlagArc | kConnection |
             kPolicyKeys;
    case Place::delivery:
    case Place::failure:
      return kHost | kInterface | kProtocol | kTlsKeys | kLogin | kProxy | kSize | kQueue | kTopic |
             kReference | kSender | kRewritten | kShadow | kConfirmation | kQueueTime |
             kDeliverTime | kFlagDnssec | kFlagFastOpen | kFlagPipelining | kFlagPrdr |
             kFlagChunking | kSequence | kNotify | kDkim | kDirector;
    case Place::dialogue:
      return kInterface | kUser | kTlsKeys | kLogin | kSender | kBareSender | kPolicyKeys;
  }
  return 0;
}

// For each first letter the keys that begin with it: from `first`, `count` of them.
struct KeyRange {
  std::uint8_t first = 0;
  std::uint8_t count = 0;
};
constexpr auto kKeysByLetter = [] {
  std::array<KeyRange, 128> out{};
  for (std::size_t i = 0; i < std::size(kKeys); ++i) {
    auto& range = out[static_cast<unsigned char>(kKeys[i].text[0])];
    if (range.count++ == 0) range.first = static_cast<std::uint8_t>(i);
  }
  return out;
}();
constexpr bool letters_stand_together() {
  for (std::size_t i = 1; i < std::size(kKeys); ++i) {
    const auto& range = kKeysByLetter[static_cast<unsigned char>(kKeys[i].text[0])];
    if (i >= range.first + std::size_t{range.count}) return false;
  }
  return true;
}
static_assert(letters_stand_together());

bool starts_with_name(std::string_view rest, std::string_view name) {
  if (rest.size() < name.size()) return false;
  for (std::size_t i = 1; i < name.size(); ++i) {
    if (rest[i] != name[i]) return false;
  }
  return true;
}

// The key that `rest` starts with, its blank taken off; nullptr if none.
const KeyName* find_key(std::string_view rest, Place place) {
  if (rest.empty() || static_cast<unsigned char>(rest[0]) >= kKeysByLetter.size()) return nullptr;
  const auto known = keys_of(place);
  const auto range = kKeysByLetter[static_cast<unsigned char>(rest[0])];
  for (const auto& name : std::span(kKeys).subspan(range.first, range.count)) {
    if ((known & name.key) == 0 || !starts_with_name(rest, name.text)) continue;
    if (name.flag && !ends_host(rest.substr(name.text.size()))) continue;
    return &name;
  }
  return nullptr;
}

// A login or an RFC 1413 ident may hold blanks: it goes on until a later field.
std::string_view take_words_up_to_field(std::string_view& rest, Place place) {
  const char* begin = rest.data();
  const std::string_view whole = rest;
  std::size_t length = 0;
  while (true) {
    auto end = whole.find(' ', length);
    if (end == std::string_view::npos) end = whole.size();
    length = end;
    if (end == whole.size() || place != Place::arrival) break;
    const auto next = whole.substr(end + 1);
    if (find_key(next, place) != nullptr || next.starts_with("from <") ||
        next.starts_with("for ")) {
      break;
    }
    ++length;
  }
  rest = whole.substr(length);
  return {begin, length};
}

bool take_login(std::string_view& rest, Place place, Fields& fields) {
  auto value = take_words_up_to_field(rest, place);
  const auto colon = value.find(':');
  fields.login_method = value.substr(0, colon);
  if (fields.login_method.empty()) return false;
  if (colon == std::string_view::npos) return true;
  auto login = value.substr(colon + 1);
  // log_selector +smtp_mailauth appends the AUTH= sender, which is an address.
  const auto last = login.rfind(':');
  if (last != std::string_view::npos && last > 0 &&
      login.find('@', last) != std::string_view::npos) {
    login = login.substr(0, last);
  }
  fields.login = login;
  return true;
}

[[gnu::always_inline]] inline bool take_number_field(std::string_view& rest,
                                                     std::optional<std::uint64_t>& value) {
  value = maybe_take_number(rest);
  if (value) return ends_host(rest);
  const auto mark = maybe_take_value(rest, Place::failure);
  return mark && is_masked(*mark);
}

bool take_time_field(std::string_view& rest, Place place, std::optional<Duration>& value) {
  const auto word = maybe_take_value(rest, place);
  if (!word) return false;
  value = parse_time(*word);
  return value || is_time(*word);
}

[[gnu::always_inline]] inline bool take_value_field(std::string_view& rest, Place place,
                                                    std::string_view& value) {
  const auto taken = maybe_take_value(rest, place);
  if (taken) value = *taken;
  return taken.has_value();
}

constexpr auto kNameBytes = [] {
  std::array<bool, 256> out{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto c = static_cast<char>(i);
    out[i] = is_alnum(c) || c == '_' || c == '-' || c == '.' || c == '*' || c == '/';
  }
  return out;
}();

// Router, transport and protocol names: configured here, so they have a narrow alphabet.
[[gnu::always_inline]] inline bool take_name_field(std::string_view& rest, Place place,
                                                   std::string_view& value) {
  if (!take_value_field(rest, place, value)) return false;
  return std::ranges::all_of(value,
                             [](char c) { return kNameBytes[static_cast<unsigned char>(c)]; });
}

bool take_interface(std::string_view& rest) {
  std::string_view ip;
  std::uint16_t port = 0;
  return take_ip(rest, ip, port) && ends_host(rest);
}

// "ST=name" and " (error text)", src/deliver.c: the text is ours or a local program's.
bool take_shadow(std::string_view& rest, Place place) {
  std::string_view name;
  if (!take_name_field(rest, place, name)) return false;
  if (!rest.starts_with(" (")) return true;
  auto tail = rest.substr(2);
  const auto text = maybe_take_until(tail, ')');
  if (!text || !ends_token(tail)) return false;
  rest = tail;
  return true;
}

// DN= is not escaped: its end is the first quote with a blank, a colon or nothing behind it.
bool take_peer_name(std::string_view& rest) {
  if (!maybe_take(rest, '"')) return false;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] != '"' || !ends_host(rest.substr(i + 1))) continue;
    rest.remove_prefix(i + 1);
    return true;
  }
  return false;
}

bool take_quoted_field(std::string_view& rest, std::optional<std::string_view>& value) {
  value = maybe_take_quoted(rest);
  return value.has_value();
}

// Outgoing "H=name DS [ip]:port*", or a name alone (a local transport's host).
[[gnu::always_inline]] inline bool take_relay(std::string_view& rest, Peer& peer) {
  const auto name = maybe_take_word(rest);
  if (!name) return false;
  if (name->starts_with('[')) {
    rest = std::string_view(name->data(), name->size() + rest.size());
    return take_ip(rest, peer.ip, peer.port) && (maybe_take(rest, '*'), ends_host(rest));
  }
  peer.host = *name;
  auto tail = rest;
  maybe_take(tail, " DS");
  if (take_blank_and_ip(tail, peer)) rest = tail;
  return true;
}

bool take_arrival_field(std::string_view& rest, Key key, unsigned reading, Fields& fields) {
  switch (key) {
    case kHost:
      return take_client(rest, reading, fields.host);
    case kProtocol:
      return take_name_field(rest, Place::arrival, fields.protocol);
    case kTopic:
      return take_quoted_field(rest, fields.subject);
    default:  // kReference
      return take_value_field(rest, Place::arrival, fields.reference) &&
             is_exim_message_id(fields.reference);
  }
}

// What names the message or who sent it.
bool take_named_field(std::string_view& rest, Key key, Fields& fields) {
  if (key == kMessageId) {
    fields.message_id = maybe_take_mailbox(rest);
    return fields.message_id.has_value();
  }
  if (key == kBareSender) {  // logs that went through a web page have lost the brackets
    fields.envelope_sender = maybe_take_mailbox(rest);
    return fields.envelope_sender.has_value();
  }
  rest = std::string_view(rest.data() - 1, rest.size() + 1);  // the '<' belongs to the address
  const auto address = maybe_take_address(rest);
  if (key == kSender) fields.envelope_sender = address;
  return address && ends_host(rest);
}

// What is rare, or the same everywhere.
bool take_other_field(std::string_view& rest, Key key, Place place, Fields& fields) {
  std::string_view ignored;
  std::optional<std::uint64_t> number;
  std::optional<Duration> time;
  switch (key) {
    case kInterface:
      return take_interface(rest);
    case kUser: {
      const auto user = take_words_up_to_field(rest, place);
      fields.user = user;
      return !user.empty();
    }
    case kProtocol:
      return maybe_take_address(rest) && ends_host(rest);
    case kPeerName:
      return take_peer_name(rest);
    case kLogin:
      return take_login(rest, place, fields);
    case kBody:
      return take_number_field(rest, number);
    case kConnection:
      return take_process_number(rest) && ends_host(rest);
    case kServerName:
    case kProxy:
    case kQueue:
    case kSequence:
    case kNotify:
      return take_value_field(rest, place, ignored);
    case kDkim:
      return take_value_field(rest, place, fields.dkim);
    case kSpf:
      return take_value_field(rest, place, fields.spf);
    case kDmarc:
      return take_value_field(rest, place, fields.dmarc);
    case kFlagSpf:  // src/receive.c add_spf_info_for_log()
      fields.spf = "pass";
      return true;
    case kFlagDmarc:
      fields.dmarc = "accept";
      return true;
    case kFlagArc:
      fields.arc = true;
      return true;
    case kReceiveTime:
    case kDeliverTime:
      return take_time_field(rest, place, time);
    case kQueueTime:
      return take_time_field(rest, place, fields.queue_time);
    case kMessageId:
    case kSender:
    case kRewritten:
    case kBareSender:
      return take_named_field(rest, key, fields);
    case kShadow:
      return take_shadow(rest, place);
    case kConfirmation:
      return take_quoted_field(rest, fields.confirmation);
    default:
      return true;  // flags
  }
}

// The field of `key` at the front of `rest`: how many bytes are left behind it, kRefused when it is
// malformed. By value and with a copy for each kind, so that a view stays in registers (scan.h).
constexpr std::size_t kRefused = std::string_view::npos;
std::size_t left_behind_field(std::string_view rest, Key key, Place place, unsigned reading,
                              Fields& fields) {
  const auto left_by = [rest](auto take) __attribute__((always_inline)) {
    auto left = rest;
    return take(left) ? left.size() : kRefused;
  };
  const bool own = key == kHost || key == kProtocol || key == kTopic || key == kReference;
  if (place == Place::arrival && own) {
    return left_by([&](auto& left) { return take_arrival_field(left, key, reading, fields); });
  }
  switch (key) {
    case kHost:
      return left_by([&](auto& left) { return take_relay(left, fields.host.peer); });
    case kTopic:
      return left_by([&](auto& left) { return take_name_field(left, place, fields.transport); });
    case kReference:
    case kDirector:
      return left_by([&](auto& left) { return take_name_field(left, place, fields.router); });
    case kVerified: {
      std::string_view ignored;
      return left_by([&](auto& left) { return take_name_field(left, place, ignored); });
    }
    case kTls: {
      std::string_view cipher;
      const auto left = left_by([&](auto& l) { return take_value_field(l, place, cipher); });
      if (left != kRefused) fields.tls = cipher;
      return left;
    }
    case kSize:
      return left_by([&](auto& left) {
        if (!take_number_field(left, fields.size_bytes)) return false;
        fields.size_masked = !fields.size_bytes;
        return true;
      });
    default:
      return left_by([&](auto& left) { return take_other_field(left, key, place, fields); });
  }
}

// A field that no Exim known here writes, "NEW=1", "NEW", "[1]", or a known one with an unknown
// value, "F=ana@example.org".
bool pass_over(std::string_view& rest, Place place) {
  constexpr std::string_view kName =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_*.-";
  auto tail = rest;
  if (maybe_take(tail, '[')) {
    if (!maybe_take_until(tail, ']') || !ends_host(tail)) return false;
  } else {
    const auto name = tail.substr(0, tail.find_first_not_of(kName));
    if (name.empty() || name[0] < 'A' || name[0] > 'Z') return false;
    tail.remove_prefix(name.size());
    if (maybe_take(tail, '=')) {
      if (!maybe_take_quoted(tail) && !maybe_take_value(tail, place)) return false;
    } else if (!ends_host(tail)) {
      return false;
    }
  }
  rest = tail;
  return true;
}

}  // namespace

bool take_process_number(std::string_view& rest) {
  auto left = rest;
  maybe_take(left, 'p');
  if (!maybe_take_number(left)) {
    const auto mark = maybe_take_word(left);
    if (!mark || !is_masked(*mark)) return false;
  }
  rest = left;
  return true;
}

bool ends_token(std::string_view rest) { return rest.empty() || rest[0] == ' '; }

bool take_client(std::string_view& rest, unsigned reading, Host& host) {
  auto tail = rest;
  Host taken;
  if (tail.starts_with('[')) {
    if (!take_ip(tail, taken.peer.ip, taken.peer.port) || !ends_host(tail)) return false;
  } else if (tail.starts_with('(')) {
    if (!take_helo_and_ip(tail, reading, taken)) return false;
  } else {
    const auto name = maybe_take_word(tail);
    if (!name) return false;
    taken.peer.host = *name;
    if (tail.starts_with(" (")) {
      tail.remove_prefix(1);
      if (!take_helo_and_ip(tail, reading, taken)) return false;
    } else if (!take_blank_and_ip(tail, taken.peer)) {
      return false;
    }
  }
  host = taken;
  rest = tail;
  return true;
}

bool take_client_and_ident(std::string_view& rest, bool flagged, unsigned reading, Client& client) {
  auto tail = rest;
  maybe_take(tail, " DS");
  if (flagged && maybe_take(tail, "U=")) {
    client.ident = maybe_take_word(tail);
    if (!client.ident) return false;
    rest = tail;
    return true;
  }
  if (flagged && !maybe_take(tail, "H=")) return false;
  if (!take_client(tail, reading, client.host)) return false;
  if (tail.starts_with(" I=[")) {
    tail.remove_prefix(3);
    if (!take_interface(tail)) return false;
  }
  if (maybe_take(tail, " U=")) {
    client.ident = maybe_take_value(tail, Place::failure);
    if (!client.ident) return false;
  }
  if (auto id = tail; maybe_take(id, " Ci=") && take_process_number(id)) tail = id;
  rest = tail;
  return true;
}

bool take_fields(std::string_view& rest, Place place, unsigned reading, Fields& fields) {
  auto left = rest;
  bool taken = true;
  while (left.size() > 1 && left[0] == ' ') {
    const auto* key = find_key(left.substr(1), place);
    const bool repeated = key != nullptr && !first(fields, key->key);
    const auto size = key == nullptr || repeated
                          ? kRefused
                          : left_behind_field(left.substr(1 + key->text.size()), key->key, place,
                                              reading, fields);
    if (size != kRefused) {
      left = std::string_view(left.data() + left.size() - size, size);
      continue;
    }
    auto behind = left.substr(1);
    taken = key == nullptr;
    if (repeated || !fields.skip_unknown || !pass_over(behind, place)) break;
    taken = true;
    left = behind;
  }
  rest = left;
  return taken;
}

std::optional<std::string_view> maybe_take_mailbox(std::string_view& rest) {
  bool quoted = false;
  auto end = position_of(rest, ' ', '"');
  for (; end < rest.size(); ++end) {
    const char c = rest[end];
    if (quoted && c == '\\') {
      ++end;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      break;
    }
  }
  if (quoted || end > rest.size()) return maybe_take_word(rest);  // a lone quote quotes nothing
  if (end == 0) return std::nullopt;
  const auto taken = rest.substr(0, end);
  rest.remove_prefix(end);
  return taken;
}

std::optional<std::string_view> maybe_take_quoted(std::string_view& rest) {
  if (!rest.starts_with('"')) return std::nullopt;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    i += position_of(rest.substr(i), '\\', '"');
    if (i >= rest.size()) break;
    if (rest[i] == '\\') {
      ++i;
    } else {
      if (!ends_token(rest.substr(i + 1))) return std::nullopt;
      const auto inside = rest.substr(1, i - 1);
      rest.remove_prefix(i + 1);
      return inside;
    }
  }
  return std::nullopt;
}

bool is_masked(std::string_view word) {
  if (word.empty() || word.size() > 12 || is_digit(word[0])) return false;
  if (word.size() == 1) return word[0] == 'x' || word[0] == 'X' || word[0] == '*';
  return word.find_first_not_of(word[0]) == std::string_view::npos;
}

bool is_time(std::string_view text) {
  if (parse_time(text)) return true;
  if (!text.ends_with('s')) return false;
  text.remove_suffix(1);
  return is_masked(text);
}

namespace {

// "1tFxyz-0001-AB", "1tFxyz-x": in logs that were made anonymous, or by hand. What stands behind it
// tells it: nothing but a message's line goes on like that.
std::size_t made_up_id_size(std::string_view text) {
  constexpr std::size_t kBytesMax = 24;
  const auto size = text.substr(0, kBytesMax + 1).find(' ');
  if (size == std::string_view::npos || size < 6) return 0;
  std::size_t dashes = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const char c = text[i];
    if (c == '-' && i > 0 && text[i - 1] != '-' && i + 1 < size) {
      ++dashes;
    } else if (!is_alnum(c)) {
      return 0;
    }
  }
  if (dashes == 0 || dashes > 2 || !is_digit(text[0])) return 0;
  const auto behind = text.substr(size + 1);
  if (behind == "Completed") return size;
  for (const std::string_view flag : {"<= ", "=> ", "-> ", "** ", "== "}) {
    if (behind.starts_with(flag)) return size;
  }
  return 0;
}

}  // namespace

std::optional<std::string_view> maybe_take_message_id(std::string_view& rest) {
  for (const std::size_t length : {std::size_t{16}, std::size_t{23}}) {
    if (rest.size() <= length || rest[length] != ' ') continue;
    const auto word = rest.substr(0, length);
    if (!is_exim_message_id(word)) continue;
    rest.remove_prefix(length + 1);
    return word;
  }
  if (const auto size = made_up_id_size(rest); size > 0) {
    const auto word = rest.substr(0, size);
    rest.remove_prefix(size + 1);
    return word;
  }
  return std::nullopt;
}

}  // namespace rastro::exim
