#include "tests/store/leg_samples.h"

#include <stdlib.h>

#include <algorithm>
#include <iomanip>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "store/shard.h"

namespace rastro::samples {
namespace {

using namespace std::chrono_literals;

class Spelling {
 public:
  void add(const char* name, const std::string& bytes) {
    out_ << name << "=\"";
    for (const unsigned char c : bytes) {
      if (c >= ' ' && c < 0x7f) {
        out_ << c;
      } else {
        out_ << "\\x" << std::hex << std::setw(2) << std::setfill('0') << int{c} << std::dec;
      }
    }
    out_ << "\" ";
  }
  void add(const char* name, std::int64_t value) { out_ << name << '=' << value << ' '; }
  void add(const char* name, Time at) { add(name, std::int64_t{at.time_since_epoch().count()}); }
  void add(const char* name, const EnhancedStatus& status) { add(name, to_string(status)); }
  void add(const char* name, const Endpoint& endpoint) {
    add(name, endpoint.host);
    add("ip", endpoint.ip);
    add("port", endpoint.port);
  }
  template <typename T>
    requires std::is_enum_v<T>
  void add(const char* name, T value) {
    add(name, static_cast<std::int64_t>(value));
  }
  template <typename T>
  void add(const char* name, const std::optional<T>& value) {
    if (value) {
      add(name, *value);
    } else {
      out_ << name << "=absent ";
    }
  }
  void add(const char* name, const MaybeText& value) {
    add(name, std::optional<std::string>(value));
  }
  void line(const char* what) { out_ << '\n' << what << ": "; }
  std::string text() const { return out_.str(); }

 private:
  std::ostringstream out_;
};

std::optional<std::int64_t> widen(const std::optional<std::uint64_t>& value) {
  return value ? std::optional(static_cast<std::int64_t>(*value)) : std::nullopt;
}
std::optional<std::int64_t> widen(const std::optional<std::uint32_t>& value) {
  return value ? std::optional(static_cast<std::int64_t>(*value)) : std::nullopt;
}

// Chooses among values; the seed is the caller's, so a failure can be repeated.
class Chooser {
 public:
  explicit Chooser(std::mt19937_64& random) : random_(random) {}
  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  bool chance(unsigned percent) { return below(100) < percent; }
  std::string bytes() {
    static const std::vector<std::string> kHostile = {
        "",
        std::string("\0", 1),
        std::string("a\0b", 3),
        "\x01",
        "x\x01y 250 2.0.0 Ok: queued as 4F2A91 <a@example.org>",
        "\xff\xfe\xc3(",
        "'; DROP TABLE leg; --",
        "250 2.0.0 Ok: queued as 4F2A91BC",
        "host mx.example.net[192.0.2.7] said: 450 4.2.0 <a@example.org>: Greylisted (in reply)",
        "\xe2\x80\xae\xd8\xb9",
        " leading and trailing ",
        "mx.example.net"};
    if (chance(60)) return kHostile[below(kHostile.size())];
    std::string out(below(40), ' ');
    for (auto& c : out) c = static_cast<char>(below(256));
    return out;
  }
  std::optional<std::string> maybe_bytes() {
    return chance(50) ? std::optional(bytes()) : std::nullopt;
  }
  Time near(Time at) {
    return at + Duration(static_cast<std::int64_t>(below(7'200'000'000)) - 3'600'000'000);
  }
  std::optional<Time> maybe_near(Time at) {
    return chance(60) ? std::optional(near(at)) : std::nullopt;
  }
  std::optional<EnhancedStatus> maybe_status() {
    if (chance(40)) return std::nullopt;
    return EnhancedStatus{static_cast<std::uint8_t>(below(256)),
                          static_cast<std::uint16_t>(below(65536)),
                          static_cast<std::uint16_t>(below(65536))};
  }
  Endpoint endpoint() { return {bytes(), bytes(), static_cast<std::uint16_t>(below(65536))}; }
  template <typename Enum>
  Enum any(Enum last) {
    return static_cast<Enum>(below(static_cast<std::uint64_t>(last) + 1));
  }

 private:
  std::mt19937_64& random_;
};

LegRecipient random_recipient(Chooser& choose, Time opened_at) {
  LegRecipient one;
  one.recipient = choose.bytes();
  one.original_recipient = choose.maybe_bytes();
  one.dsn_original_recipient = choose.maybe_bytes();
  one.outcome = choose.any(Outcome::passed);
  one.delivered_to = choose.any(DeliveredTo::file);
  one.unknown_because = choose.any(UnknownBecause::no_end_logged);
  one.reason = choose.any(Reason::unknown);
  one.reply_code = static_cast<std::uint16_t>(choose.below(65536));
  one.enhanced_status = choose.maybe_status();
  one.reply_text = choose.bytes();
  one.folder = choose.bytes();
  one.agent = choose.bytes();
  one.relay = choose.endpoint();
  one.tls = choose.maybe_bytes();
  one.attempts = static_cast<std::uint32_t>(choose.below(1ULL << 32));
  one.first_attempt_at = choose.maybe_near(opened_at);
  one.last_attempt_at = choose.maybe_near(opened_at);
  return one;
}

TimelineEntry random_entry(Chooser& choose, const LegRecord& leg) {
  TimelineEntry entry;
  entry.at = choose.near(leg.opened_at);
  entry.kind = choose.any(TimelineEntry::Kind::host_failure);
  entry.recipient = static_cast<std::int32_t>(choose.below(6)) - 2;
  entry.ordinal = static_cast<std::uint32_t>(choose.below(1ULL << 32));
  entry.result = choose.any(Outcome::passed);
  entry.reason = choose.any(Reason::unknown);
  entry.reply_code = static_cast<std::uint16_t>(choose.below(65536));
  entry.enhanced_status = choose.maybe_status();
  entry.agent = choose.bytes();
  entry.relay = choose.endpoint();
  entry.text = choose.bytes();
  return entry;
}

// What the recipient's own row tells too; the store keeps it only there.
TimelineEntry last_attempt_of(const LegRecord& leg, std::size_t index) {
  const auto& one = leg.recipients[index];
  TimelineEntry entry;
  entry.at = *one.last_attempt_at;
  entry.kind = TimelineEntry::Kind::attempt;
  entry.recipient = static_cast<std::int32_t>(index);
  entry.ordinal = one.attempts;
  entry.result = one.outcome;
  entry.reason = one.reason;
  entry.reply_code = one.reply_code;
  entry.enhanced_status = one.enhanced_status;
  entry.agent = one.agent;
  entry.relay = one.relay;
  entry.text = one.reply_text;
  return entry;
}

void describe_recipient(Spelling& spelling, const LegRecipient& one) {
  spelling.line("recipient");
  spelling.add("recipient", one.recipient);
  spelling.add("original", one.original_recipient);
  spelling.add("dsn_original", one.dsn_original_recipient);
  spelling.add("outcome", one.outcome);
  spelling.add("delivered_to", one.delivered_to);
  spelling.add("because", one.unknown_because);
  spelling.add("reason", one.reason);
  spelling.add("code", one.reply_code);
  spelling.add("status", one.enhanced_status);
  spelling.add("text", one.reply_text);
  spelling.add("folder", one.folder);
  spelling.add("agent", one.agent);
  spelling.add("relay", one.relay);
  spelling.add("tls", one.tls);
  spelling.add("attempts", one.attempts);
  spelling.add("first", one.first_attempt_at);
  spelling.add("last", one.last_attempt_at);
}

void describe_entry(Spelling& spelling, const TimelineEntry& entry) {
  spelling.line("timeline");
  spelling.add("at", entry.at);
  spelling.add("kind", entry.kind);
  spelling.add("recipient", entry.recipient);
  spelling.add("ordinal", entry.ordinal);
  spelling.add("result", entry.result);
  spelling.add("reason", entry.reason);
  spelling.add("code", entry.reply_code);
  spelling.add("status", entry.enhanced_status);
  spelling.add("agent", entry.agent);
  spelling.add("relay", entry.relay);
  spelling.add("text", entry.text);
}

void describe_header(Spelling& spelling, const LegRecord& leg) {
  spelling.add("id", static_cast<std::int64_t>(leg.id));
  spelling.add("host", leg.host);
  spelling.add("mta", leg.mta);
  spelling.add("instance", leg.instance);
  spelling.add("queue_id", leg.queue_id);
  spelling.add("generation", leg.generation);
  spelling.add("opened", leg.opened_at);
  spelling.add("active", leg.last_activity_at);
  spelling.add("closed", leg.closed_at);
  spelling.add("sender", leg.envelope_sender);
  spelling.add("message_id", leg.message_id);
  spelling.add("size", widen(leg.size_bytes));
  spelling.add("subject", leg.subject);
  spelling.add("count", widen(leg.recipient_count));
  spelling.add("accepted", std::int64_t{leg.accepted});
  spelling.add("accepted_at", leg.accepted_at);
  spelling.add("accepted_code", leg.accepted_reply_code);
  spelling.add("accepted_text", leg.accepted_reply_text);
  spelling.add("accepted_tls", leg.accepted_tls);
  spelling.add("protocol", leg.protocol);
  spelling.add("arrival_seen", std::int64_t{leg.arrival_seen});
  spelling.add("internal", std::int64_t{leg.internal});
  spelling.add("probe", std::int64_t{leg.probe});
  spelling.add("method", leg.submission.method);
  spelling.add("login", leg.submission.login);
  spelling.add("client", leg.submission.client);
  spelling.add("helo", leg.submission.helo);
  spelling.add("uid", widen(leg.submission.uid));
  spelling.add("user", leg.submission.user);
  spelling.add("script", leg.submission.script);
  spelling.add("script_dir", leg.submission.script_dir);
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  auto name = (std::filesystem::temp_directory_path() / "rastro-store-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Time start_time() {
  return std::chrono::sys_days(std::chrono::year(2026) / 3 / 1) + std::chrono::hours(10);
}

LegRecord simple_leg(std::uint64_t number, Time opened_at, std::string recipient) {
  LegRecord leg;
  leg.host = "mail.example.org";
  leg.mta = Mta::postfix;
  leg.instance = "postfix";
  leg.queue_id = "Q" + std::to_string(number);
  leg.opened_at = opened_at;
  leg.id = make_leg_id(leg.host, leg.mta, leg.instance, leg.queue_id, 0, opened_at);
  leg.last_activity_at = opened_at + 2s;
  leg.closed_at = opened_at + 2s;
  leg.envelope_sender = "ana@example.org";
  leg.message_id = "<" + std::to_string(number) + "@example.org>";
  leg.accepted = true;
  leg.accepted_at = opened_at;
  leg.arrival_seen = true;
  leg.submission.client = {"client.example.com", "192.0.2.9", 0};
  LegRecipient one;
  one.recipient = std::move(recipient);
  one.outcome = Outcome::delivered;
  one.delivered_to = DeliveredTo::remote;
  one.reply_code = 250;
  one.enhanced_status = EnhancedStatus{2, 0, 0};
  one.reply_text = "250 2.0.0 Ok: queued as 4F" + std::to_string(number);
  one.agent = "smtp";
  one.relay = {"mx.example.net", "198.51.100.7", 25};
  one.attempts = 1;
  one.first_attempt_at = one.last_attempt_at = opened_at + 1s;
  leg.recipients.push_back(std::move(one));
  leg.timeline.push_back(last_attempt_of(leg, 0));
  leg.lines.push_back({1, 120, number * 300});
  leg.lines.push_back({1, 80, number * 300 + 120});
  return leg;
}

LegRecord deferred_leg(std::uint64_t number, Time opened_at, std::string recipient) {
  auto leg = simple_leg(number, opened_at, std::move(recipient));
  leg.closed_at.reset();
  auto& one = leg.recipients.front();
  one.outcome = Outcome::deferred;
  one.delivered_to = DeliveredTo::nowhere;
  one.reason = Reason::greylisted;
  one.reply_code = 450;
  one.enhanced_status = EnhancedStatus{4, 2, 0};
  one.reply_text = "450 4.2.0 Greylisted";
  leg.timeline = {last_attempt_of(leg, 0)};
  return leg;
}

LegRecord random_leg(std::mt19937_64& random, std::uint64_t id, Time opened_at) {
  Chooser choose(random);
  LegRecord leg;
  leg.id = id;
  leg.host = choose.bytes();
  leg.mta = choose.any(Mta::exim);
  leg.instance = choose.bytes();
  leg.queue_id = choose.bytes();
  leg.generation = static_cast<std::uint32_t>(choose.below(1ULL << 32));
  leg.opened_at = opened_at;
  leg.last_activity_at = choose.near(opened_at);
  leg.closed_at = choose.maybe_near(opened_at);
  leg.envelope_sender = choose.maybe_bytes();
  leg.message_id = choose.maybe_bytes();
  if (choose.chance(50)) leg.size_bytes = choose.below(~0ULL);
  leg.subject = choose.maybe_bytes();
  if (choose.chance(50)) leg.recipient_count = static_cast<std::uint32_t>(choose.below(1ULL << 32));
  leg.accepted = choose.chance(50);
  leg.accepted_at = choose.maybe_near(opened_at);
  leg.accepted_reply_code = static_cast<std::uint16_t>(choose.below(65536));
  leg.accepted_reply_text = choose.bytes();
  leg.accepted_tls = choose.maybe_bytes();
  leg.protocol = choose.bytes();
  leg.arrival_seen = choose.chance(50);
  leg.internal = choose.chance(50);
  leg.probe = choose.chance(50);
  auto& submission = leg.submission;
  submission.method = choose.any(SubmissionMethod::bounce);
  submission.login = choose.maybe_bytes();
  submission.client = choose.endpoint();
  submission.helo = choose.maybe_bytes();
  if (choose.chance(50)) submission.uid = static_cast<std::uint32_t>(choose.below(1ULL << 32));
  submission.user = choose.maybe_bytes();
  submission.script = choose.maybe_bytes();
  submission.script_dir = choose.maybe_bytes();
  for (auto n = choose.below(4); n > 0; --n) {
    leg.recipients.push_back(random_recipient(choose, opened_at));
  }
  for (auto n = choose.below(3); n > 0; --n) {
    leg.links.push_back({choose.any(LegLink::Kind::session), choose.any(LegLink::Direction::child),
                         choose.chance(50), choose.bytes(),
                         static_cast<std::int32_t>(choose.below(5)) - 1, choose.near(opened_at)});
  }
  for (auto n = choose.below(3); n > 0; --n) {
    leg.facts.push_back({choose.bytes(), choose.bytes(), choose.bytes()});
  }
  for (auto n = choose.below(4); n > 0; --n) leg.timeline.push_back(random_entry(choose, leg));
  for (std::size_t i = 0; i < leg.recipients.size(); ++i) {
    if (!leg.recipients[i].last_attempt_at || choose.chance(30)) continue;
    const auto at = choose.below(leg.timeline.size() + 1);
    leg.timeline.insert(leg.timeline.begin() + static_cast<std::ptrdiff_t>(at),
                        last_attempt_of(leg, i));
  }
  for (auto n = choose.below(5); n > 0; --n) {
    leg.lines.push_back({static_cast<std::uint32_t>(choose.below(1ULL << 32)),
                         static_cast<std::uint32_t>(choose.below(1ULL << 32)),
                         choose.below(~0ULL)});
  }
  return leg;
}

Batch batch_of(const std::vector<LegRecord>& legs, Time line_time) {
  Batch batch;
  for (const auto& leg : legs) batch.legs.push_back(leg);
  batch.line_time = line_time;
  return batch;
}

std::string describe(const LegRecord& leg) {
  Spelling spelling;
  describe_header(spelling, leg);
  for (const auto& one : leg.recipients) describe_recipient(spelling, one);
  for (const auto& link : leg.links) {
    spelling.line("link");
    spelling.add("kind", link.kind);
    spelling.add("direction", link.direction);
    spelling.add("claimed", std::int64_t{link.claimed_by_peer});
    spelling.add("queue_id", link.queue_id);
    spelling.add("recipient", link.recipient);
    spelling.add("at", link.at);
  }
  for (const auto& fact : leg.facts) {
    spelling.line("fact");
    spelling.add("source", fact.source);
    spelling.add("name", fact.name);
    spelling.add("value", fact.value);
  }
  for (const auto& entry : leg.timeline) describe_entry(spelling, entry);
  for (const auto& line : leg.lines) {
    spelling.line("line");
    spelling.add("source", line.source);
    spelling.add("length", line.length);
    spelling.add("offset", static_cast<std::int64_t>(line.offset));
  }
  return spelling.text();
}

std::string describe_summary(LegRecord leg) {
  leg.timeline.clear();
  leg.lines.clear();
  return describe(leg);
}

StoreOptions options_for(const std::filesystem::path& directory) {
  StoreOptions options;
  options.state_directory = directory;
  options.ballast_bytes = 0;
  return options;
}

std::unique_ptr<Writer> open_or_die(const StoreOptions& options, const Clock& clock) {
  auto writer = Writer::open(options, clock);
  if (!writer) throw std::runtime_error(writer.error().message);
  return std::move(*writer);
}

std::unique_ptr<StoreReader> reader_of(const Writer& writer) {
  return StoreReader::create([&writer] { return writer.snapshot(); });
}

void commit_or_die(Writer& writer, const Batch& batch) {
  if (auto done = writer.commit(batch); !done) throw std::runtime_error(done.error().message);
}

void work_until_done(Writer& writer) {
  for (int i = 0; i < 1'000'000; ++i) {
    const auto more = writer.work_a_slice();
    if (!more) throw std::runtime_error(more.error().message);
    if (!*more) return;
  }
  throw std::runtime_error("housekeeping never ends");
}

std::vector<LegRecord> find(StoreReader& reader, const std::vector<LegKey>& keys,
                            const TimeRange& range) {
  std::vector<LegRecord> found;
  const auto cut =
      reader.for_each_leg(keys, range, QueryLimits{Duration::zero()}, [&](const LegRecord& leg) {
        found.push_back(leg);
        return Visit::go_on;
      });
  if (!cut) throw std::runtime_error(cut.error().message);
  return found;
}

std::vector<std::filesystem::path> shard_files(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (parse_shard_name(entry.path().filename().string())) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace rastro::samples
