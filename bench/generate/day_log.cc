#include "bench/generate/day_log.h"

#include <array>
#include <chrono>

namespace rastro::bench {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;

void append_number(std::string& out, std::int64_t value, int digits) {
  std::array<char, 20> text{};
  for (int i = digits; i-- > 0; value /= 10) {
    text[static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 10);
  }
  out.append(text.data(), static_cast<std::size_t>(digits));
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

void DayLog::append_stamp(std::int64_t at) {
  using namespace std::chrono;
  const sys_time<microseconds> time{microseconds(at)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const auto second = floor<seconds>(time - day).count();
  if (stamps_ == Stamps::rfc3164) {
    constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const auto of_month = static_cast<unsigned>(date.day());
    buffer_ += kMonths.substr((static_cast<unsigned>(date.month()) - 1) * 3, 3);
    buffer_ += of_month < 10 ? "  " : " ";
    append_number(buffer_, of_month, of_month < 10 ? 1 : 2);
    buffer_ += ' ';
  } else {
    append_number(buffer_, static_cast<int>(date.year()), 4);
    buffer_ += '-';
    append_number(buffer_, static_cast<unsigned>(date.month()), 2);
    buffer_ += '-';
    append_number(buffer_, static_cast<unsigned>(date.day()), 2);
    buffer_ += stamps_ == Stamps::exim ? ' ' : 'T';
  }
  append_number(buffer_, second / 3600, 2);
  buffer_ += ':';
  append_number(buffer_, second / 60 % 60, 2);
  buffer_ += ':';
  append_number(buffer_, second % 60, 2);
  if (stamps_ == Stamps::rfc3339) {
    buffer_ += '.';
    append_number(buffer_, at % 1'000'000, 6);
    buffer_ += "+00:00";
  }
  buffer_ += ' ';
}

void DayLog::write_until(std::int64_t now) {
  while (!waiting_.empty() && waiting_.top().at < now) {
    append_stamp(waiting_.top().at);
    buffer_ += waiting_.top().text;
    buffer_ += '\n';
    waiting_.pop();
    ++written_;
    if (buffer_.size() < kBufferBytes) continue;
    std::fwrite(buffer_.data(), 1, buffer_.size(), out_);
    buffer_.clear();
  }
  if (now != INT64_MAX) return;
  std::fwrite(buffer_.data(), 1, buffer_.size(), out_);
  buffer_.clear();
}

std::uint32_t NumberPool::take(std::int64_t from, std::int64_t until) {
  auto number = next_;
  if (!used_.empty() && used_.top().until < from) {
    number = used_.top().number;
    used_.pop();
  } else {
    ++next_;
  }
  used_.push({until, number});
  return number;
}

void ExpectedOut::write(const ExpectedMessage& message) {
  if (out_ == nullptr) return;
  std::string line = "{\"queue_ids\":[";
  for (const auto& id : message.queue_ids) {
    if (line.back() != '[') line += ',';
    line += quoted(id);
  }
  line += "],\"client_ip\":" + quoted(message.client_ip);
  line += ",\"envelope_sender\":" + quoted(message.envelope_sender);
  line += ",\"bounce_of\":" + (message.bounce ? quoted(message.parent) : "null");
  line += ",\"recipients\":[";
  for (const auto& one : message.recipients) {
    if (line.back() != '[') line += ',';
    line += "{\"recipient\":" + quoted(one.recipient) + ",\"outcome\":" + quoted(one.outcome) +
            ",\"attempts\":" + std::to_string(one.attempts) + "}";
  }
  line += "]}\n";
  std::fwrite(line.data(), 1, line.size(), out_);
}

}  // namespace rastro::bench
