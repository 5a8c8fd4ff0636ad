#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/generate/day.h"
#include "bench/generate/population.h"
#include "bench/generate/random.h"

namespace rastro::bench {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::string_view kHost = "mx1 ";
constexpr std::string_view kTlsTail =
    ": TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 "
    "server-signature RSA-PSS (2048 bits) server-digest SHA256";

std::string tag(std::string_view program, std::uint32_t pid) {
  return std::string(kHost) + "postfix/" + std::string(program) + "[" + std::to_string(pid) + "]: ";
}

std::string peer(const Host& host) { return host.name + "[" + host.ip + "]"; }

std::string hundredths(std::int64_t micros) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2g", static_cast<double>(micros) / 1e6);
  if (std::string_view(text).find('e') != std::string_view::npos) {
    std::snprintf(text, sizeof text, "%.0f", static_cast<double>(micros) / 1e6);
  }
  return text;
}

struct Recipient {
  std::string address;
  std::string original;  // an alias that was expanded; empty: none
  bool local = false;
  Host relay;
};

class PostfixDay {
 public:
  PostfixDay(const DayOptions& options, DayLog& log, ExpectedOut& expected)
      : options_(options),
        log_(log),
        expected_(expected),
        random_(options.seed),
        population_(options.seed),
        session_mean_(static_cast<std::int64_t>(kSessions / options.messages_per_s * 1e6)) {}

  void run() {
    for (std::uint64_t i = 0; i < options_.messages; ++i) {
      now_ = options_.start +
             static_cast<std::int64_t>(static_cast<double>(i) / options_.messages_per_s * 1e6) +
             random_.between(0, 50'000);
      log_.write_until(now_ - kSecond);
      session();
      foreign_lines();
    }
    log_.write_all();
  }

 private:
  // Where the session's next line stands; each a little later than the one before.
  std::int64_t step(std::int64_t low, std::int64_t high) {
    return at_ += random_.between(low, high);
  }
  void say(std::string_view program, std::uint32_t pid, std::string text) {
    log_.add(at_, tag(program, pid) + std::move(text));
  }
  void say_at(std::int64_t at, std::string_view program, std::uint32_t pid, std::string text) {
    log_.add(at, tag(program, pid) + std::move(text));
  }

  std::string queue_id(std::int64_t from, std::int64_t until) {
    const auto inode = inodes_.take(from, until);
    char text[48];
    if (!options_.long_ids) {
      std::snprintf(text, sizeof text, "%05X%X", static_cast<unsigned>(from % kSecond), inode);
      return text;
    }
    constexpr std::string_view k52 = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
    const auto in_base52 = [&](std::uint64_t value, std::size_t digits) {
      std::string out(digits, '0');
      for (auto i = digits; i-- > 0; value /= 52) out[i] = k52[value % 52];
      return out;
    };
    return in_base52(static_cast<std::uint64_t>(from / kSecond), 6) +
           in_base52(static_cast<std::uint64_t>(from % kSecond), 4) + "z" + in_base52(inode, 4);
  }

  void session() {
    const auto length = random_.between(session_mean_ / 10, session_mean_ * 19 / 10);
    const auto ends = now_ + length + 3 * kSecond;
    at_ = now_;
    client_ = population_.client(random_);
    smtpd_ = smtpd_pids_.take(now_, ends);
    const bool login = random_.chance(kLogin);
    const std::string_view service = login ? "submission/smtpd" : "smtpd";
    say(service, smtpd_, "connect from " + peer(client_));
    tls_ = random_.chance(kTls);
    if (tls_) {
      step(1'000, 90'000);
      say(service, smtpd_,
          "Anonymous TLS connection established from " + peer(client_) + std::string(kTlsTail));
    }
    sender_ = login ? population_.local_address(random_) : population_.address(random_);
    const double kind = random_.unit();
    expected_message_ = {};
    if (kind < kRefusedOnly + kRefusedFirst) refuse(service);
    if (kind < kRefusedOnly) {
      expected_.write(expected_message_);
      at_ = std::max(at_, now_ + length);
      say(service, smtpd_,
          "disconnect from " + peer(client_) + " ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4");
      return;
    }
    message(service, login);
    at_ = std::max(accepted_at_ + 1'000, now_ + length);
    say(service, smtpd_,
        "disconnect from " + peer(client_) + " ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5");
  }

  void refuse(std::string_view service) {
    step(20'000, 300'000);
    const auto recipient = population_.local_address(random_);
    const auto& reply = population_.rejected_reply(random_);
    // smtpd names the recipient between the codes and the text.
    const auto codes = reply.find(' ', 4);
    say(service, smtpd_,
        "NOQUEUE: reject: RCPT from " + peer(client_) + ": " + reply.substr(0, codes) + " <" +
            recipient + ">: Recipient address rejected:" + reply.substr(codes) + "; from=<" +
            sender_ + "> to=<" + recipient + "> proto=ESMTP helo=<" + client_.name + ">");
    expected_message_ = {};
    expected_message_.client_ip = client_.ip;
    expected_message_.envelope_sender = sender_;
    expected_message_.recipients.push_back({recipient, "rejected", 0});
  }

  void choose_recipients(bool from_us) {
    recipients_.clear();
    const auto count = random_.chance(0.25) ? (random_.chance(0.2) ? 3U : 2U) : 1U;
    for (unsigned i = 0; i < count || recipients_.empty(); ++i) {
      Recipient one;
      one.local = !from_us && random_.chance(0.6);
      one.address = one.local ? population_.local_address(random_) : population_.address(random_);
      if (one.local && random_.chance(0.08)) one.original = "alias." + one.address;
      one.relay = Population::relay_of(one.address, random_);
      // Nobody is refused and then taken in one dialogue.
      const bool twice =
          std::any_of(recipients_.begin(), recipients_.end(),
                      [&](const Recipient& other) { return other.address == one.address; }) ||
          std::any_of(expected_message_.recipients.begin(), expected_message_.recipients.end(),
                      [&](const auto& refused) { return refused.recipient == one.address; });
      if (!twice) recipients_.push_back(std::move(one));
    }
  }

  void message(std::string_view service, bool login) {
    choose_recipients(login);
    const double fate = random_.unit();
    const bool deferred = fate < kDeferred;
    const bool bounced = !deferred && fate < kDeferred + kBounced && !sender_.empty();
    const bool filtered = random_.chance(kFiltered);
    retries_ = deferred ? static_cast<unsigned>(random_.between(1, 6)) : 0;
    still_deferred_ = deferred && random_.chance(kStillDeferred);
    step(50'000, 900'000);
    const auto longest = at_ + 60 * kSecond + 7200 * kSecond * (deferred ? 2 : 0);
    auto id = queue_id(at_, longest);
    expected_message_.client_ip = client_.ip;
    expected_message_.envelope_sender = sender_;
    expected_message_.queue_ids.push_back(id);
    const auto message_id = "<" + std::to_string(random_.next()) + "." +
                            std::to_string(random_.below(100'000)) + "@" + client_.name + ">";
    const auto size = random_.between(900, 400'000);
    auto arrival = id + ": client=" + peer(client_);
    if (login) arrival += ", sasl_method=PLAIN, sasl_username=" + sender_;
    say(service, smtpd_, std::move(arrival));
    queue(id, message_id, size);
    accepted_at_ = at_;
    if (filtered) id = through_filter(id, message_id, size, longest);
    deliver(id, bounced, size);
    expected_.write(expected_message_);
    if (bounced) bounce(id, size);
    if (!still_deferred_) say_at(removed_at_, "qmgr", kQmgr, id + ": removed");
  }

  void queue(const std::string& id, const std::string& message_id, std::int64_t size) {
    step(5'000, 200'000);
    say("cleanup", kCleanup + static_cast<std::uint32_t>(random_.below(20)),
        id + ": message-id=" + message_id);
    step(5'000, 400'000);
    active(at_, id, sender_, size, recipients_.size());
  }

  void active(std::int64_t at, const std::string& id, const std::string& sender, std::int64_t size,
              std::size_t recipients) {
    say_at(at, "qmgr", kQmgr,
           id + ": from=<" + sender + ">, size=" + std::to_string(size) +
               ", nrcpt=" + std::to_string(recipients) + " (queue active)");
  }

  // amavis after the queue: one attempt of ours, a new id at its hands.
  std::string through_filter(const std::string& id, const std::string& message_id,
                             std::int64_t size, std::int64_t longest) {
    const auto started = at_;
    const auto smtpd = smtpd_pids_.take(at_, at_ + 5 * kSecond);
    step(20'000, 400'000);
    say("10026/smtpd", smtpd, "connect from localhost[127.0.0.1]");
    step(500, 5'000);
    auto child = queue_id(at_, longest);
    say("10026/smtpd", smtpd,
        child + ": client=localhost[127.0.0.1], orig_queue_id=" + id +
            ", orig_client=" + peer(client_));
    queue(child, message_id, size + 500);
    const auto smtp = smtp_pids_.take(started, at_ + 5 * kSecond);
    step(1'000, 20'000);
    for (const auto& one : recipients_) {
      const auto original =
          one.original.empty() ? std::string() : ", orig_to=<" + one.original + ">";
      say("smtp", smtp,
          id + ": to=<" + one.address + ">" + original +
              ", relay=127.0.0.1[127.0.0.1]:10024, delay=" + hundredths(at_ - started) +
              ", delays=0.2/0.01/0.01/0.4, dsn=2.0.0, status=sent (250 2.0.0 from "
              "MTA(smtp:[127.0.0.1]:10026): 250 2.0.0 Ok: queued as " +
              child + ")");
    }
    say_at(at_ + 2'000, "qmgr", kQmgr, id + ": removed");
    say_at(at_ + 50'000, "10026/smtpd", smtpd,
           "disconnect from localhost[127.0.0.1] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5");
    expected_message_.queue_ids.push_back(child);
    return child;
  }

  void attempt(std::int64_t at, const std::string& id, const Recipient& to, std::string_view status,
               std::string_view dsn, std::string text, bool with_tls) {
    const auto agent = to.local ? std::string_view("lmtp") : std::string_view("smtp");
    auto& pids = to.local ? lmtp_pids_ : smtp_pids_;
    const auto pid = pids.take(at - kSecond, at + kSecond);
    const auto relay =
        to.local ? std::string("mx1.example.org[private/dovecot-lmtp]") : peer(to.relay) + ":25";
    if (with_tls && !to.local) {
      say_at(at - 200'000, agent, pid,
             "Trusted TLS connection established to " + relay + std::string(kTlsTail));
    }
    const auto original = to.original.empty() ? std::string() : ", orig_to=<" + to.original + ">";
    const auto delay = at - accepted_at_ + 300'000;
    say_at(at, agent, pid,
           id + ": to=<" + to.address + ">" + original + ", relay=" + relay +
               ", delay=" + hundredths(delay) + ", delays=" + hundredths(delay / 2) + "/0.01/" +
               hundredths(delay / 4) + "/" + hundredths(delay / 5) + ", dsn=" + std::string(dsn) +
               ", status=" + std::string(status) + " (" + std::move(text) + ")");
  }

  void sent(std::int64_t at, const std::string& id, const Recipient& to, unsigned attempts) {
    const bool with_tls = tls_ && random_.chance(0.3);
    attempt(at, id, to, "sent", "2.0.0",
            to.local ? "250 2.0.0 <" + to.address + "> " + std::to_string(random_.next()) + " Saved"
                     : population_.sent_reply(random_),
            with_tls);
    expected_message_.recipients.push_back({to.address, "delivered", attempts});
  }

  // The first recipient bears the deferrals, the last one the bounce.
  void deliver(const std::string& id, bool bounced, std::int64_t size) {
    removed_at_ = at_;
    for (std::size_t i = retries_ > 0 ? 1 : 0; i + (bounced ? 1 : 0) < recipients_.size(); ++i) {
      const auto at = at_ + random_.between(kSecond, 5 * kSecond);
      sent(at, id, recipients_[i], 1);
      removed_at_ = std::max(removed_at_, at + 3'000);
    }
    if (bounced) {
      auto to = recipients_.back();
      to.local = false;
      const auto at = at_ + random_.between(kSecond, 6 * kSecond);
      const auto& reply = population_.bounced_reply(random_);
      attempt(at, id, to, "bounced", reply.substr(4, reply.find(' ', 4) - 4),
              "host " + peer(to.relay) + " said: " + reply + " (in reply to RCPT TO command)",
              false);
      expected_message_.recipients.push_back({to.address, "bounced", 1});
      bounced_at_ = at;
      removed_at_ = std::max(removed_at_, at + 400'000);
    }
    if (retries_ > 0) retry(id, size);
  }

  void retry(const std::string& id, std::int64_t size) {
    auto to = recipients_.front();
    to.local = false;
    auto at = at_ + random_.between(kSecond, 5 * kSecond);
    for (unsigned i = 0; i < retries_; ++i) {
      const auto& reply = population_.deferred_reply(random_);
      attempt(at, id, to, "deferred", reply.substr(4, reply.find(' ', 4) - 4),
              "host " + peer(to.relay) + " said: " + reply + " (in reply to RCPT TO command)",
              false);
      if (still_deferred_ && i + 1 == retries_) break;
      at += random_.between(300 * kSecond, 1200 * kSecond);
      active(at - 2 * kSecond, id, sender_, size, 1);
    }
    if (still_deferred_) {
      expected_message_.recipients.push_back({to.address, "deferred", retries_});
      return;
    }
    sent(at, id, to, retries_ + 1);
    removed_at_ = std::max(removed_at_, at + 3'000);
  }

  void bounce(const std::string& id, std::int64_t size) {
    const auto from = bounced_at_ + 20'000;
    const auto child = queue_id(from, from + 30 * kSecond);
    say_at(from, "cleanup", kCleanup,
           child + ": message-id=<" + std::to_string(from) + "." + child + "@mx1.example.org>");
    say_at(from + 40'000, "bounce", kBounce, id + ": sender non-delivery notification: " + child);
    active(from + 60'000, child, "", size / 4 + 2'000, 1);
    Recipient to;
    to.address = sender_;
    to.relay = Population::relay_of(sender_, random_);
    expected_message_ = {};
    expected_message_.bounce = true;
    expected_message_.parent = id;
    expected_message_.queue_ids.push_back(child);
    const auto at = from + random_.between(kSecond, 5 * kSecond);
    sent(at, child, to, 1);
    say_at(at + 2'000, "qmgr", kQmgr, child + ": removed");
    expected_.write(expected_message_);
  }

  // About 2 % of all lines; some try to look like ours.
  void foreign_lines() {
    if (!random_.chance(kForeignLine * 9)) return;
    at_ = now_ + random_.between(0, kSecond);
    const auto pid = std::to_string(random_.between(300, 30'000));
    switch (random_.below(7)) {
      case 0:
        return log_.add(at_, "mx1 dovecot: imap-login: Login: user=<" +
                                 population_.local_address(random_) + ">, method=PLAIN, rip=" +
                                 population_.client(random_).ip + ", lip=192.0.2.1, TLS");
      case 1:
        return log_.add(at_, "mx1 sshd[" + pid + "]: Invalid user admin from 192.0.2.77 port 22");
      case 2:
        return log_.add(at_, "mx1 CRON[" + pid + "]: (root) CMD (test -x /usr/sbin/anacron)");
      case 3:
        return log_.add(
            at_, "mx1 app[" + pid + "]: 4ABCDE1234: to=<x@example.org>, status=sent (forged)");
      case 4:
        return log_.add(at_, "mx1 kernel: [12345.678901] eth0: link becomes ready");
      case 5:
        return log_.add(
            at_, "mx1 postfix/anvil[" + pid + "]: statistics: max cache size 9 at Mar  2 03:01:45");
      default:
        return log_.add(at_,
                        "mx1 postfix/smtpd[" + pid + "]: something that no release of it says");
    }
  }

  static constexpr std::uint32_t kQmgr = 1201;
  static constexpr std::uint32_t kCleanup = 2200;
  static constexpr std::uint32_t kBounce = 2300;

  const DayOptions& options_;
  DayLog& log_;
  ExpectedOut& expected_;
  Random random_;
  Population population_;
  std::int64_t session_mean_;
  NumberPool smtpd_pids_{10'000};
  NumberPool smtp_pids_{100'000};
  NumberPool lmtp_pids_{300'000};
  NumberPool inodes_{0x1A0000};

  std::int64_t now_ = 0;
  std::int64_t at_ = 0;
  std::int64_t accepted_at_ = 0;
  std::int64_t removed_at_ = 0;
  std::int64_t bounced_at_ = 0;
  Host client_;
  std::uint32_t smtpd_ = 0;
  bool tls_ = false;
  std::string sender_;
  std::vector<Recipient> recipients_;
  unsigned retries_ = 0;
  bool still_deferred_ = false;
  ExpectedMessage expected_message_;
};

}  // namespace

std::uint64_t write_postfix_day(const DayOptions& options, DayLog& log, ExpectedOut& expected) {
  PostfixDay(options, log, expected).run();
  return log.lines();
}

}  // namespace rastro::bench
