#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/bounce/bounce.h"

namespace rastro {

// Lines of a mail server's log, or of the listing of its queue, that somebody pasted: what each
// says of whom it names, which is what that server made of the answer that it quotes. A server
// that greets with 554 is tried again.
struct PastedLog {
  std::vector<BounceRecipient> recipients;  // each once, by the last of its lines; with an action
  std::vector<Found> queue_ids;
  std::vector<std::string> senders;
};

// Of Postfix, Exim and sendmail. Nothing for a text without such a line.
PastedLog log_in(std::string_view text, const BounceLimits& limits);

// Found::from of whom a server says that it refused, when a client of its own named him.
inline constexpr std::string_view kFromRefusal = "a refusal in a log";

// Found::from of what a program lists.
inline constexpr std::string_view kFromProgram = "a program's list of refusals";

// What Python's smtplib throws, and shows if nobody catches it: whom the server refused, each with
// its reply: {'juan@example.org': (550, b'5.1.1 User unknown')}.
std::vector<BounceRecipient> refused_by_program(std::string_view text, const BounceLimits& limits);

}  // namespace rastro
