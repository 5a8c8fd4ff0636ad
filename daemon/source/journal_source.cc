#include "daemon/source/journal_source.h"

#include <systemd/sd-journal.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

namespace rastro {
namespace {

// systemd's SD_MESSAGE_JOURNAL_DROPPED: "Suppressed N messages from UNIT".
constexpr const char* kDropped = "MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e";
constexpr const char* kMailFacility = "SYSLOG_FACILITY=2";
constexpr std::size_t kFieldBytesMax = 1 << 20;

Error failed(const std::string& what, int code) {
  return make_error(code == -EACCES || code == -EPERM ? Error::Code::unavailable : Error::Code::io,
                    what + ": " + std::generic_category().message(-code));
}

SourcePosition go_on(const std::vector<SourcePosition>& saved, const std::string& name,
                     SourceNumbers& numbers) {
  const auto newest = std::ranges::max_element(saved, {}, &SourcePosition::source);
  if (newest != saved.end()) return *newest;
  SourcePosition position;
  position.source = numbers.next();
  position.path = name;
  return position;
}

std::string stamp(std::uint64_t micros) {
  const Time at{Duration(static_cast<std::int64_t>(micros))};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(at - day);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06d+00:00",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()));
  return text.data();
}

std::string_view word_of(std::string_view text) {
  return text.substr(0, text.find_first_of(" \t\n["));
}

}  // namespace

void JournalSource::CloseJournal::operator()(sd_journal* journal) const {
  sd_journal_close(journal);
}

JournalSource::JournalSource(JournalOptions options, const std::vector<SourcePosition>& saved,
                             SourceNumbers& numbers, const Clock& clock)
    : options_(std::move(options)),
      name_(name_of(options_.journal)),
      clock_(clock),
      lines_(go_on(saved, name_, numbers), {}) {
  const auto position = lines_.position();
  lines_ = QueuedLines(position, {position.source, options_.spec, name_, name_, clock.wall()});
}

JournalSource::~JournalSource() = default;

Result<void> JournalSource::open() {
  sd_journal* opened = nullptr;
  const int code = options_.journal == "system"
                       ? sd_journal_open(&opened, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM)
                       : sd_journal_open_directory(&opened, options_.journal.c_str(), 0);
  if (code < 0) return failed("open " + name_, code);
  journal_.reset(opened);
  // From here on sd_journal_process() notices new files.
  static_cast<void>(sd_journal_get_fd(journal_.get()));
  sd_journal_set_data_threshold(journal_.get(), kFieldBytesMax);
  auto done = add_matches();
  if (done) done = seek();
  if (!done) journal_.reset();
  return done;
}

Result<void> JournalSource::add_matches() {
  std::vector<std::string> any;
  for (const auto& unit : options_.units) any.push_back("_SYSTEMD_UNIT=" + unit);
  for (const auto& identifier : options_.identifiers) {
    any.push_back("SYSLOG_IDENTIFIER=" + identifier);
  }
  if (any.empty()) any.emplace_back(kMailFacility);
  any.emplace_back(kDropped);
  for (const auto& match : any) {
    int code = sd_journal_add_match(journal_.get(), match.data(), match.size());
    if (code >= 0) code = sd_journal_add_disjunction(journal_.get());
    if (code < 0) return failed(name_ + ": match " + match, code);
  }
  return {};
}

// Before the first entry to read.
Result<void> JournalSource::seek() {
  const auto& position = lines_.position();
  if (position.cursor.empty()) {
    const auto from = (clock_.wall() - options_.first_read_back).time_since_epoch().count();
    const int code =
        sd_journal_seek_realtime_usec(journal_.get(), static_cast<std::uint64_t>(from));
    return code < 0 ? Result<void>(failed("seek in " + name_, code)) : Result<void>();
  }
  if (const int code = sd_journal_seek_cursor(journal_.get(), position.cursor.c_str()); code < 0) {
    return failed("seek in " + name_, code);
  }
  if (const int code = sd_journal_next(journal_.get()); code < 0) {
    return failed("read " + name_, code);
  } else if (code == 0) {
    return {};
  }
  // Now at that entry, or, when it is gone, at the next one: which is then read again.
  if (sd_journal_test_cursor(journal_.get(), position.cursor.c_str()) > 0) return {};
  gap_from_ = position.last_line_at;
  if (const int code = sd_journal_previous(journal_.get()); code < 0) {
    return failed("read " + name_, code);
  } else if (code == 0) {
    sd_journal_seek_head(journal_.get());
  }
  return {};
}

std::string_view JournalSource::field(const char* name) {
  const void* data = nullptr;
  std::size_t size = 0;
  if (sd_journal_get_data(journal_.get(), name, &data, &size) < 0) return {};
  std::string_view text(static_cast<const char*>(data), size);
  text.remove_prefix(std::min(text.size(), std::strlen(name) + 1));  // "NAME="
  return text;
}

std::string JournalSource::render() {
  std::uint64_t micros = 0;
  const auto sent = field("_SOURCE_REALTIME_TIMESTAMP");
  for (const char c : sent) micros = micros * 10 + static_cast<std::uint64_t>(c - '0');
  if (sent.empty()) sd_journal_get_realtime_usec(journal_.get(), &micros);
  std::string line = stamp(micros);
  const auto host = std::string(word_of(field("_HOSTNAME")));
  line += ' ' + (host.empty() ? std::string("localhost") : host) + ' ';
  auto tag = std::string(word_of(field("SYSLOG_IDENTIFIER")));
  if (tag.empty()) tag = word_of(field("_COMM"));
  append_escaped_line(line, tag.empty() ? std::string_view("unknown") : std::string_view(tag));
  auto pid = std::string(field("SYSLOG_PID"));
  if (pid.empty()) pid = field("_PID");
  if (!pid.empty() && pid.find_first_not_of("0123456789") == std::string::npos) {
    line += '[' + pid + ']';
  }
  line += ": ";
  append_escaped_line(line, field("MESSAGE"));
  if (gap_from_) {
    const Time at{Duration(static_cast<std::int64_t>(micros))};
    holes_.push_back({name_, *gap_from_, std::max(*gap_from_, at),
                      "the journal no longer holds the entry that was read last"});
    gap_from_.reset();
  }
  return line;
}

Result<Progress> JournalSource::poll(std::size_t budget_bytes) {
  Progress progress;
  if (!lines_.empty()) return progress;
  if (journal_ == nullptr) {
    if (auto done = open(); !done) return done.error();
  }
  if (const int code = sd_journal_process(journal_.get()); code < 0) {
    return failed("watch " + name_, code);
  }
  while (progress.bytes < budget_bytes) {
    const int code = sd_journal_next(journal_.get());
    if (code < 0) return failed("read " + name_, code);
    if (code == 0) return progress;
    char* cursor = nullptr;
    if (const int got = sd_journal_get_cursor(journal_.get(), &cursor); got < 0) {
      return failed("read " + name_, got);
    }
    auto line = render();
    progress.bytes += line.size() + 1;
    lines_.add(std::move(line), cursor);
    std::free(cursor);
  }
  progress.more = true;
  return progress;
}

void JournalSource::take_holes(std::vector<CoverageHole>& holes) {
  std::ranges::move(holes_, std::back_inserter(holes));
  holes_.clear();
}

}  // namespace rastro
