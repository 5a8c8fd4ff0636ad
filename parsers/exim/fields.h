#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/event.h"

// The fields of Exim's log lines ("H=", "R=", "X="...), shared by all forms that carry them. Spec
// chapter "Log files", section "Summary of fields in log lines"; src/deliver.c delivery_log(),
// src/receive.c add_host_info_for_log(), src/smtp_in.c s_tlslog().
namespace rastro::exim {

// How often a line is read again with another guess at where an unquoted text of a stranger ends.
inline constexpr unsigned kReadingsMax = 6;

// "name (helo) [ip]:port", "(helo) [ip]", "name DS [ip]:port*", "name": src/host.c
// host_build_sender_fullhost(), src/deliver.c d_hostlog().
struct Host {
  Peer peer;
  std::optional<std::string_view> helo;
};
// Takes a client off the front. `reading` says which ") [ip]" ends the HELO name, 0 for the first:
// a name may hold anything if helo_accept_junk_hosts allows it.
bool take_client(std::string_view& rest, unsigned reading, Host& host);
// host_and_ident(): a client, " I=[ip]:port" and " U=ident"; or "U=ident" alone with `flagged`.
struct Client {
  Host host;
  std::optional<std::string_view> ident;
};
bool take_client_and_ident(std::string_view& rest, bool flagged, unsigned reading, Client& client);

// Where a field stands decides what its letter means.
enum class Place : std::uint8_t { arrival, delivery, failure, dialogue };

// All that fields can say; what the line did not carry stays empty.
struct Fields {
  Host host;
  std::optional<std::string_view> user;             // U=
  std::optional<std::string_view> login;            // A=name:login
  std::string_view login_method;                    // A=name
  std::optional<std::string_view> tls;              // X=
  std::optional<std::string_view> message_id;       // id=
  std::optional<std::string_view> subject;          // T= on arrival, still escaped
  std::optional<std::string_view> confirmation;     // C=, still escaped
  std::optional<std::string_view> envelope_sender;  // F=<>
  std::optional<std::uint64_t> size_bytes;          // S=
  bool size_masked = false;                         // S=xxx
  std::optional<Duration> queue_time;               // QT=
  std::string_view protocol;                        // P= on arrival
  std::string_view reference;                       // R= on arrival
  std::string_view router;                          // R= elsewhere
  std::string_view transport;                       // T= elsewhere
  std::string_view dkim;                            // DKIM=
  std::string_view spf;                             // SPF=, "pass" for the flag
  std::string_view dmarc;                           // DMARC=, "accept" for the flag
  bool arc = false;                                 // ARC
  std::uint64_t seen = 0;                           // which keys came, each at most once
  bool skip_unknown = false;  // to be set: a field of no known form is passed over
};

// Takes blank-led fields as long as they come and stops in front of anything else. False if one
// is malformed or comes twice, which no Exim writes: a stranger's text was taken for fields.
bool take_fields(std::string_view& rest, Place place, unsigned reading, Fields& fields);

// Up to a blank outside double quotes; not empty.
std::optional<std::string_view> maybe_take_mailbox(std::string_view& rest);
// The inside of "..." with backslash escapes, which must end at a blank, a colon or the end.
std::optional<std::string_view> maybe_take_quoted(std::string_view& rest);
// Readconf_printtime() and string_timediff(): "1w2d3h4m5s", "0.123s".
std::optional<Duration> parse_time(std::string_view text);
// A figure that whoever published the log has put out of sight, as one sign: "xxx", "***". The line
// says all else that it says; only the figure is not known.
bool is_masked(std::string_view word);
// "540", or where logs are made comparable "p1234" and "pppp".
bool take_process_number(std::string_view& rest);
bool is_time(std::string_view text);  // parse_time(), or masked: "xxs"
// "1abcDE-0000ab-CD" (16) or "1abcDE-00000000abc-CDEF" (23) and the blank behind it.
std::optional<std::string_view> maybe_take_message_id(std::string_view& rest);
bool ends_token(std::string_view rest);  // at a blank or the end

}  // namespace rastro::exim
