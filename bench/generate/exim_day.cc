#include <algorithm>
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

struct Recipient {
  std::string address;
  bool local = false;
  Host relay;
};

class EximDay {
 public:
  EximDay(const DayOptions& options, DayLog& log, ExpectedOut& expected)
      : options_(options),
        log_(log),
        expected_(expected),
        random_(options.seed ^ 0x6578696dULL),
        population_(options.seed) {}

  void run() {
    for (std::uint64_t i = 0; i < options_.messages; ++i) {
      now_ = options_.start +
             static_cast<std::int64_t>(static_cast<double>(i) / options_.messages_per_s * 1e6) +
             random_.between(0, 50'000);
      log_.write_until(now_ - kSecond);
      session();
      if (random_.chance(kForeignLine * 4)) other_line();
    }
    log_.write_all();
  }

 private:
  // 4.97 and later: seconds, 11 digits of process and 4 of the fraction, in base 62.
  std::string message_id(std::int64_t at) {
    constexpr std::string_view k62 =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const auto in_base62 = [&](std::uint64_t value, std::size_t digits) {
      std::string out(digits, '0');
      for (auto i = digits; i-- > 0; value /= 62) out[i] = k62[value % 62];
      return out;
    };
    return in_base62(static_cast<std::uint64_t>(at / kSecond), 6) + "-" +
           in_base62(++processes_, 11) + "-" +
           in_base62(static_cast<std::uint64_t>(at % kSecond) / 2, 4);
  }

  static std::string host_of(const Host& client) {
    if (client.name == "unknown") return "H=(" + client.ip + ") [" + client.ip + "]";
    return "H=" + client.name + " [" + client.ip + "]";
  }

  void session() {
    at_ = now_;
    client_ = population_.client(random_);
    login_ = random_.chance(kLogin);
    tls_ = random_.chance(kTls);
    sender_ = login_ ? population_.local_address(random_) : population_.address(random_);
    const double kind = random_.unit();
    expected_message_ = {};
    if (kind < kRefusedOnly + kRefusedFirst) {
      // The log names no session: a client that comes twice in a minute could not be told apart.
      client_ = Population::rare_client(++rare_clients_);
      refuse();
    }
    kind < kRefusedOnly ? expected_.write(expected_message_) : message();
  }

  void refuse() {
    const auto recipient = population_.local_address(random_);
    const auto& reply = population_.rejected_reply(random_);
    log_.add(at_, host_of(client_) + " F=<" + sender_ + "> rejected RCPT <" + recipient +
                      ">: " + reply.substr(reply.find(' ', 4) + 1));
    at_ += 200'000;
    expected_message_ = {};
    expected_message_.client_ip = client_.ip;
    expected_message_.envelope_sender = sender_;
    expected_message_.recipients.push_back({recipient, "rejected", 0});
  }

  std::string arrival(const Host& client, std::int64_t size, const std::string& header_id) const {
    std::string text = host_of(client) + " P=" + (tls_ ? "esmtps" : "esmtp") + (login_ ? "a" : "");
    if (tls_) text += " X=TLS1.3:ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=no";
    if (login_) text += " A=plain:" + sender_;
    return text + " S=" + std::to_string(size) + " id=" + header_id;
  }

  void choose_recipients() {
    recipients_.clear();
    const auto count = random_.chance(0.25) ? (random_.chance(0.2) ? 3U : 2U) : 1U;
    for (unsigned i = 0; i < count || recipients_.empty(); ++i) {
      Recipient one;
      one.local = !login_ && random_.chance(0.6);
      one.address = one.local ? population_.local_address(random_) : population_.address(random_);
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

  void message() {
    choose_recipients();
    const double fate = random_.unit();
    const bool deferred = fate < kDeferred;
    const bool bounced = !deferred && fate < kDeferred + kBounced;
    retries_ = deferred ? static_cast<unsigned>(random_.between(1, 6)) : 0;
    still_deferred_ = deferred && random_.chance(kStillDeferred);
    auto id = message_id(at_);
    const auto header_id = std::to_string(random_.next()) + "." +
                           std::to_string(random_.below(100'000)) + "@" + client_.name;
    const auto size = random_.between(900, 400'000);
    expected_message_.client_ip = client_.ip;
    expected_message_.envelope_sender = sender_;
    expected_message_.queue_ids.push_back(id);
    log_.add(at_, id + " <= " + sender_ + " " + arrival(client_, size, header_id));
    if (random_.chance(kFiltered)) id = through_filter(id, header_id, size);
    deliver(id, bounced);
    expected_.write(expected_message_);
    if (bounced) bounce(id, size);
    if (!still_deferred_) log_.add(ends_at_, id + " Completed");
  }

  std::string through_filter(const std::string& id, const std::string& header_id,
                             std::int64_t size) {
    at_ += random_.between(300'000, kSecond);
    auto child = message_id(at_);
    log_.add(at_, child + " <= " + sender_ +
                      " H=localhost (mx1.example.org) [127.0.0.1] P=esmtp S=" +
                      std::to_string(size + 400) + " id=" + header_id);
    at_ += 20'000;
    std::string_view arrow = " => ";
    for (const auto& one : recipients_) {
      log_.add(at_, id + std::string(arrow) + one.address +
                        " R=amavis T=amavis H=127.0.0.1 [127.0.0.1] C=\"250 OK id=" + child + "\"");
      arrow = " -> ";
    }
    log_.add(at_ + 1'000, id + " Completed");
    expected_message_.queue_ids.push_back(child);
    return child;
  }

  std::string where(const Recipient& to, bool tls) {
    if (to.local)
      return " R=virtual_user T=dovecot_lmtp C=\"250 2.0.0 <" + to.address + "> Saved\"";
    return " R=dnslookup T=remote_smtp H=" + to.relay.name + " [" + to.relay.ip + "]" +
           (tls ? " X=TLS1.3:ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=yes" : "");
  }

  void sent(std::int64_t at, const std::string& id, const Recipient& to, unsigned attempts) {
    auto text = id + " => " + to.address + where(to, tls_);
    if (!to.local) text += " C=\"" + population_.sent_reply(random_) + "\"";
    log_.add(at, std::move(text));
    expected_message_.recipients.push_back({to.address, "delivered", attempts});
    ends_at_ = std::max(ends_at_, at + 5'000);
  }

  static std::string remote(const Recipient& to) {
    return " R=dnslookup T=remote_smtp H=" + to.relay.name + " [" + to.relay.ip + "]";
  }

  void deliver(const std::string& id, bool bounced) {
    ends_at_ = at_;
    for (std::size_t i = retries_ > 0 ? 1 : 0; i + (bounced ? 1 : 0) < recipients_.size(); ++i) {
      sent(at_ + random_.between(kSecond, 5 * kSecond), id, recipients_[i], 1);
    }
    if (bounced) {
      const auto& to = recipients_.back();
      bounced_at_ = at_ + random_.between(kSecond, 6 * kSecond);
      log_.add(bounced_at_, id + " ** " + to.address + remote(to) +
                                ": SMTP error from remote mail server after RCPT TO:<" +
                                to.address + ">: " + population_.bounced_reply(random_));
      expected_message_.recipients.push_back({to.address, "bounced", 1});
      ends_at_ = std::max(ends_at_, bounced_at_ + 400'000);
    }
    if (retries_ > 0) retry(id);
  }

  void retry(const std::string& id) {
    auto to = recipients_.front();
    to.local = false;
    auto at = at_ + random_.between(kSecond, 5 * kSecond);
    for (unsigned i = 0; i < retries_; ++i) {
      log_.add(at, id + " == " + to.address +
                       " R=dnslookup T=remote_smtp defer (-44) H=" + to.relay.name + " [" +
                       to.relay.ip + "]: SMTP error from remote mail server after RCPT TO:<" +
                       to.address + ">: " + population_.deferred_reply(random_));
      at += random_.between(300 * kSecond, 1200 * kSecond);
    }
    if (still_deferred_) {
      expected_message_.recipients.push_back({to.address, "deferred", retries_});
      return;
    }
    sent(at, id, to, retries_ + 1);
  }

  void bounce(const std::string& id, std::int64_t size) {
    const auto from = bounced_at_ + 50'000;
    const auto child = message_id(from);
    log_.add(from, child + " <= <> R=" + id +
                       " U=Debian-exim P=local S=" + std::to_string(size / 4 + 2'000));
    Recipient to;
    to.address = sender_;
    to.relay = Population::relay_of(sender_, random_);
    expected_message_ = {};
    expected_message_.bounce = true;
    expected_message_.parent = id;
    expected_message_.queue_ids.push_back(child);
    const auto parent_ends = ends_at_;
    ends_at_ = from;
    sent(from + random_.between(kSecond, 5 * kSecond), child, to, 1);
    log_.add(ends_at_, child + " Completed");
    ends_at_ = parent_ends;
    expected_.write(expected_message_);
  }

  void other_line() {
    switch (random_.below(4)) {
      case 0:
        return log_.add(now_,
                        "Start queue run: pid=" + std::to_string(random_.between(900, 90'000)));
      case 1:
        return log_.add(now_, "End queue run: pid=" + std::to_string(random_.between(900, 90'000)));
      case 2:
        return log_.add(now_,
                        "no host name found for IP address " + population_.client(random_).ip);
      default:
        return log_.add(now_, "something that no release of it says");
    }
  }

  const DayOptions& options_;
  DayLog& log_;
  ExpectedOut& expected_;
  Random random_;
  Population population_;
  std::uint64_t processes_ = 4'000;
  std::uint64_t rare_clients_ = 0;

  std::int64_t now_ = 0;
  std::int64_t at_ = 0;
  std::int64_t bounced_at_ = 0;
  std::int64_t ends_at_ = 0;
  Host client_;
  bool login_ = false;
  bool tls_ = false;
  std::string sender_;
  std::vector<Recipient> recipients_;
  unsigned retries_ = 0;
  bool still_deferred_ = false;
  ExpectedMessage expected_message_;
};

}  // namespace

std::uint64_t write_exim_day(const DayOptions& options, DayLog& log, ExpectedOut& expected) {
  EximDay(options, log, expected).run();
  return log.lines();
}

}  // namespace rastro::bench
