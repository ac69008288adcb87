// An explanation in words.
#include <algorithm>

#include "engine/app/explain/explanation.h"
#include "engine/model/iso_time.h"

namespace plumbline::app {
namespace {

using model::TimeMs;

std::string Shown(TimeMs time) { return time == model::kNoTime ? "" : model::FormatTime(time).substr(0, 19) + "Z"; }

std::string Span(std::int64_t ms, bool zh) {
  const std::int64_t s = ms / 1000;
  std::string out;
  const auto add = [&](std::int64_t n, const char* en, const char* cn) {
    if (n == 0) return;
    if (!out.empty() && !zh) out += " ";
    out += std::to_string(n) + (zh ? cn : en);
  };
  add(s / 86'400, " d", "天");
  add(s % 86'400 / 3600, " h", "小时");
  add(s % 3600 / 60, " min", "分钟");
  add(s % 60, " s", "秒");
  return out.empty() ? (zh ? "0秒" : "0 s") : out;
}

// "3 d 2 h ago": to the minute.
std::string Ago(const Explanation& e, TimeMs time, bool zh) {
  if (e.now == model::kNoTime || time == model::kNoTime) return {};
  constexpr std::int64_t kMinute = 60'000, kDay = 1440 * kMinute;
  const std::int64_t passed = e.now >= time ? e.now - time : time - e.now;
  // Of what is days away nobody wants the minutes.
  const std::string span = Span(passed >= 2 * kDay ? passed / kDay * kDay : passed / kMinute * kMinute, zh);
  if (passed < kMinute) return zh ? "（刚才）" : " (just now)";
  if (e.now < time) return zh ? "（还有" + span + "）" : " (in " + span + ")";
  return zh ? "（" + span + "前）" : " (" + span + " ago)";
}

// The end of the story: when something came after all.
const HistoryLine* Answer(const Explanation& e) {
  const HistoryLine* found = nullptr;
  for (const HistoryLine& h : e.history) {
    if (h.id == e.id && h.state == "resolved") found = &h;
    if (h.id == e.id && h.state == "firing") found = nullptr;
  }
  return found;
}

// The last thing that was said of the verdict.
std::string LastState(const Explanation& e) {
  std::string state;
  for (const HistoryLine& h : e.history) {
    if (h.id == e.id && h.transition > 0) state = h.state;
  }
  return state;
}

std::string_view StateZh(std::string_view state) {
  static constexpr std::pair<std::string_view, std::string_view> kStates[] = {
      {"firing", "触发"},       {"resolved", "解除"},    {"retracted", "撤回"}, {"unknown", "无法判定"},   {"amended", "更正"},
      {"superseded", "被取代"}, {"pass", "通过"},        {"excluded", "排除"},  {"acknowledged", "确认"},  {"commented", "备注"},
      {"contested", "质疑"},    {"handed over", "移交"}, {"silenced", "静音"},  {"unsilenced", "取消静音"}};
  for (const auto& [en, zh] : kStates) {
    if (en == state) return zh;
  }
  return state;
}

std::string_view NatureZh(std::string_view nature) {
  static constexpr std::pair<std::string_view, std::string_view> kNatures[] = {
      {"requested", "已申请"},   {"started", "已开始"},
      {"ended", "已结束"},       {"referred-up", "上转"},
      {"referred-down", "下转"}, {"advised", "已建议"},
      {"ordered", "已下医嘱"},   {"administered", "已给药"},
      {"performed", "已执行"},   {"follow-up-planned", "已安排随访"},
      {"suspected", "疑似"},     {"probable", "可能"},
      {"confirmed", "确诊"},     {"ruled-out", "已排除"},
      {"amended", "已更正"},     {"entered-in-error", "误录"}};
  for (const auto& [en, zh] : kNatures) {
    if (en == nature) return zh;
  }
  return nature;
}

std::string_view CauseZh(std::string_view cause) {
  static constexpr std::pair<std::string_view, std::string_view> kCauses[] = {
      {"answered", "已完成"},   {"late evidence", "迟到的证据"}, {"withdrawn", "事件被撤销"}, {"revision", "规则改版"},
      {"evidence", "新的证据"}, {"moved", "起点前移"},           {"retired", "规则停用"},     {"build", "程序版本不同"}};
  for (const auto& [en, zh] : kCauses) {
    if (en == cause) return zh;
  }
  return cause;
}

std::string WhyText(const Explanation& e, bool zh) {
  if (e.why == "feed silent") {
    return zh ? "数据源 " + e.feed + " 在截止时间前没有报告完整，因此无法判定。"
              : "The feed " + e.feed + " was silent, so that nobody can say whether it was done.";
  }
  if (e.why == "warming") {
    return zh ? "规则启用前的数据未保留，无法回顾。" : "The rule looks back to before its data was kept.";
  }
  if (e.why == "truncated") {
    return zh ? "该患者的事件数超过上限（limits.events_per_subject），规则所需的较早事件已被丢弃。"
              : "The patient has more events than the limit (limits.events_per_subject); earlier ones that the rule reads were "
                "dropped.";
  }
  if (e.why == "exception unknown") return zh ? "例外条件无法判定。" : "Whether an exception holds is unknown.";
  return zh ? "一条记录缺少判定所需的内容。" : "A record lacks what is needed to say whether it answers.";
}

class Writer {
 public:
  Writer(const Explanation& e, bool zh) : e_(e), zh_(zh) {}

  std::string Write() {
    Head();
    Expected();
    Events();
    out_ += "\n" + std::string(zh_ ? "缺失" : "What was missing") + "\n  " + Missing(e_, zh_ ? "zh" : "en") + "\n";
    out_ +=
        "\n" + std::string(zh_ ? "如何避免" : "What would have prevented it") + "\n  " + Prevention(e_, zh_ ? "zh" : "en") + "\n";
    History();
    return out_;
  }

 private:
  void Line(std::string_view en, std::string_view zh, std::string_view value) {
    if (value.empty()) return;
    const std::string_view label = zh_ ? zh : en;
    // A Chinese character takes two columns and three bytes.
    const std::size_t width = zh_ ? label.size() / 3 * 2 : label.size();
    out_ += "  " + std::string(label) + std::string(width < 12 ? 12 - width : 1, ' ') + std::string(value) + "\n";
  }

  void Head() {
    const auto title = e_.titles.find(zh_ ? "zh" : "en");
    out_ += (title == e_.titles.end() || title->second.empty() ? e_.rule : title->second) + "\n";
    Line("alert", "警报", e_.id + (e_.severity.empty() ? "" : " (" + e_.severity + ")"));
    Line("rule", "规则",
         e_.rule + (zh_ ? "，版本 " : ", revision ") + std::to_string(e_.revision) + (e_.step.empty() ? "" : " / " + e_.step) +
             (e_.pack.empty() ? "" : (zh_ ? "，规则包 " : ", pack ") + e_.pack));
    Line("digest", "摘要", e_.digest);
    Line("source", "来源", e_.document + (e_.edition.empty() ? "" : (zh_ ? "，版次 " : ", edition ") + e_.edition));
    Line("clause", "条款", e_.clause);
    Line("site", "院区", e_.site);
    Line("subject", "对象", e_.subject);
    Line("began with", "起点",
         e_.anchor + (zh_ ? "，时间 " : " at ") + Shown(e_.anchor_time) +
             (e_.late ? (zh_ ? "（录入过迟）" : " (charted late)") : ""));
  }

  void Expected() {
    out_ += "\n" + std::string(zh_ ? "要求" : "What was expected") + "\n";
    const std::string& what = e_.forbids.empty() ? e_.wants : e_.forbids;
    std::string text = e_.forbids.empty() ? "" : (zh_ ? "不得出现：" : "this must not happen: ");
    text += what;
    out_ += "  " + text + "\n";
    if (e_.within_ms > 0) {
      out_ += (zh_ ? "  " + Span(e_.within_ms, true) + "内，最晚 " : "  within " + Span(e_.within_ms, false) + ", that is by ") +
              Shown(e_.due) + Ago(e_, e_.due, zh_) + "\n";
    } else if (e_.due != model::kNoTime) {
      out_ += (zh_ ? "  判定时刻 " : "  judged at ") + Shown(e_.due) + Ago(e_, e_.due, zh_) + "\n";
    }
  }

  void Events() {
    out_ += "\n" + std::string(zh_ ? "所用事件" : "The events used") + "\n";
    for (const UsedEvent& u : e_.events) {
      out_ += "  " + Shown(u.time) + (zh_ ? "  到达 " : "  arrived ") + Shown(u.arrival) + "  " + u.code +
              (u.value.empty() ? "" : "  " + u.value + (u.unit == "1" ? "" : " " + u.unit));
      for (const std::string& nature : {u.action, u.certainty, u.status}) {
        if (!nature.empty()) out_ += "  " + std::string(zh_ ? NatureZh(nature) : nature);
      }
      out_ += "  [" + u.id + (u.version > 1 ? " v" + std::to_string(u.version) : "") + ", " + u.content + "]\n";
      if (!u.found.empty()) out_ += "      " + u.found + "\n";
    }
    for (const auto& [name, value] : e_.values) out_ += "  " + name + " = " + value + "\n";
  }

  void History() {
    out_ += "\n" + std::string(zh_ ? "经过" : "History") + "\n";
    for (const HistoryLine& h : e_.history) {
      out_ += "  " + Shown(h.at) + "  " + (h.id == e_.id ? "" : h.id.substr(0, 8) + "  ") +
              (h.transition > 0 ? std::to_string(h.transition) + " " : "") + std::string(zh_ ? StateZh(h.state) : h.state);
      if (!h.amended_to.empty()) out_ += (zh_ ? " 为 " : " to ") + h.amended_to;
      if (h.instant != model::kNoTime) out_ += (zh_ ? "，时刻 " : ", instant ") + Shown(h.instant);
      if (!h.cause.empty()) out_ += std::string(zh_ ? "，原因：" : ", cause: ") + std::string(zh_ ? CauseZh(h.cause) : h.cause);
      if (h.retracts > 0) out_ += (zh_ ? "，撤回第 " : ", takes back ") + std::to_string(h.retracts);
      if (!h.supersedes.empty()) out_ += (zh_ ? "，取代 " : ", supersedes ") + h.supersedes.substr(0, 8);
      if (!h.by.empty()) out_ += (zh_ ? "，由 " : " by ") + h.by;
      if (!h.to.empty()) out_ += (zh_ ? "，交给 " : " to ") + h.to;
      if (!h.text.empty()) out_ += ": " + h.text;
      out_ += "\n";
    }
  }

  const Explanation& e_;
  bool zh_;
  std::string out_;
};

}  // namespace

std::string Missing(const Explanation& e, const std::string& lang) {
  const bool zh = lang == "zh";
  if (!e.why.empty()) {
    const std::string last = LastState(e);
    const std::string since = last == "unknown" || last.empty() ? ""
                              : zh                              ? "此后已判定：" + std::string(StateZh(last)) + "。"
                                                                : " It is settled since: " + last + ".";
    return WhyText(e, zh) + since;
  }
  const std::string due = Shown(e.due);
  const HistoryLine* answer = Answer(e);
  if (!e.forbids.empty())
    return zh ? "不是缺失：禁止的事在 " + due + " 发生了。" : "Nothing: what must not happen happened at " + due + ".";
  if (e.kind == "check") {
    return zh ? "截至 " + due + " 没有一个满足要求的值打断这一段。"
              : "No value that satisfies the condition had ended the run by " + due + ".";
  }
  if (answer != nullptr && answer->cause == "answered") {
    return zh ? "截至 " + due + " 未完成；" + Shown(answer->instant) + " 才完成，晚了" + Span(answer->instant - e.due, true) +
                    "。"
              : "It had not been done by " + due + "; it was done at " + Shown(answer->instant) + ", " +
                    Span(answer->instant - e.due, false) + " too late.";
  }
  if (LastState(e) == "retracted") {
    return zh ? "告警时尚无记录；之后按时到达的记录推翻了该判定。"
              : "Nothing on record when it was told; evidence that arrived in time has overturned it since.";
  }
  return zh ? "截至 " + due + " 没有符合要求的记录。" : "Nothing that answers it is on record up to " + due + ".";
}

std::string Prevention(const Explanation& e, const std::string& lang) {
  const bool zh = lang == "zh";
  const std::string due = Shown(e.due);
  const HistoryLine* answer = Answer(e);
  if (e.why == "feed silent") {
    return zh ? "数据源 " + e.feed + " 保持上报，或在判定期限前补报。"
              : "The feed " + e.feed + " reporting, or catching up within the rule's lateness.";
  }
  if (e.why == "truncated") return zh ? "更高的上限，或更少的冗余数据。" : "A higher limit, or fewer values that nobody needs.";
  if (!e.why.empty()) return zh ? "完整的记录。" : "A record that says what is needed.";
  if (!e.forbids.empty()) return zh ? "该事件不在期限内发生。" : "That event not happening within the time.";
  if (e.kind == "check") {
    return zh ? "在 " + due + " 之前出现一个满足要求的值：" + e.wants : "A value before " + due + " for which holds: " + e.wants;
  }
  if (answer != nullptr && answer->cause == "answered") {
    return zh ? "提前" + Span(answer->instant - e.due, true) + "完成即可通过。"
              : "Doing it " + Span(answer->instant - e.due, false) + " earlier would have passed.";
  }
  if (answer != nullptr && answer->cause == "late evidence") {
    return zh ? "及时录入：证据在判定期限之后才到达。"
              : "Charting in time: the evidence arrived after the rule's lateness had ended.";
  }
  return zh ? "在 " + due + "（含）之前完成并及时录入。" : "Doing it at or before " + due + ", and charting it in time.";
}

std::string AsText(const Explanation& e, const std::string& lang) { return Writer(e, lang == "zh").Write(); }

}  // namespace plumbline::app
