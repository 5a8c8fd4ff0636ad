#pragma once

#include <string_view>

#include "daemon/bounce/bounce.h"
#include "daemon/bounce/phrases.h"
#include "daemon/bounce/program.h"

namespace rastro {

// What is known about a message when its kind is decided.
struct KindEvidence {
  bool delivery_status = false;  // RFC 3464 fields were found
  bool disposition = false;      // RFC 8098
  bool refusal = false;          // a disposition that says: refused by the recipient's own filter
  bool feedback = false;         // RFC 5965
  bool from_robot = false;       // mailer-daemon, postmaster, ...
  bool null_sender = false;      // Return-Path: <>
  bool log = false;              // lines of a log, each with what the server did
  bool failed_header = false;    // X-Failed-Recipients
  bool auto_header = false;      // headers that only auto-responders set
  bool has_headers = false;      // a message; else a paste of text
  bool forwarded = false;        // the subject says that it is
  bool passed_on = false;        // somebody forwards or quotes what he got
  bool from_list = false;        // sent to subscribers, and encloses nothing
  bool named_recipient = false;  // the notice lays out a recipient as MTAs do
  bool told_recipient = false;   // a sentence names one that failed
  bool any_address = false;      // the notice names some address
  bool names_mail = false;       // encloses or lists headers of the mail that it is about
  ProgramError program = ProgramError::none;  // what a mail program shows, not what an MTA writes
  bool one_reply = false;                     // one complete reply, and no other
  bool entry = false;        // begins with an address and why, as a piece of a notice does
  bool login_reply = false;  // the reply that it quotes is one to a login
  bool empty = false;
  int reply_class = 0;  // 4 or 5 of the reply that the notice quotes
  Phrases text;
  Phrases subject;
};

// Sets kind, not_a_bounce, kind_because, and the action of each recipient that has none.
void decide_kind(const KindEvidence& evidence, BounceReport& report);

}  // namespace rastro
