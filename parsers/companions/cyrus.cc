// Cyrus IMAP's lmtpd (imap/lmtpd.c, imap/lmtpengine.c, imap/duplicate.c): into which mailbox a
// message went. It names the message by its Message-ID alone.
#include "parsers/companions/internal.h"

namespace rastro::companions {
namespace {

constexpr FactForm kForms[] = {
    {"Delivered: {} to mailbox: {}", "message_id mailbox", "delivered"},
    {"dupelim: eliminated duplicate message to {} id {} ({})", "mailbox message_id stage",
     "duplicate"},
};
constexpr KnownForm kIgnored[] = {
    {"accepted connection", "imap/lmtpd.c"},
    {"executed", "master/service.c"},
    {"lmtp connection preauth'd as {}", "imap/lmtpengine.c"},
};
constexpr KnownForm kTrouble[] = {
    {"verify_user({}) failed: {}", "imap/lmtpd.c"},
    {"badlogin: {}", "imap/lmtpengine.c"},
};

}  // namespace

ParsedLine parse_cyrus_lmtp(const LineHeader& /*header*/, std::string_view text) {
  auto out = parse_fact("cyrus", LineKind::cyrus_delivery, kForms, text);
  if (out.kind == LineKind::unrecognised) out = parse_ignored(kIgnored, text);
  if (out.kind == LineKind::unrecognised) out = parse_trouble(kTrouble, text);
  return out;
}

}  // namespace rastro::companions
