"""A text read with a gazetteer at hand: which known names it holds, with which numbers, and what is left over."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from gridmap.geocode import address, contexts, divisions, relations
from gridmap.geocode.contexts import Named, Scope
from gridmap.geocode.gazetteer import Gazetteer
from gridmap.geocode.relations import Relation, Where

# Costs of covering a text: one character left over is worse than any number of names.
_GAP_COST, _NAME_COST, _STEP_COST = 10, 1, 2
# How much a name may differ from a known one, for each of its characters.
_DEAREST: Final = 0.2
# Words that people add to the name of an estate, or leave out.
# What stands before a name and is talk, not a part of it.
_TALK: Final = re.compile(
    r"[我你他她它您请帮找看问说讲是在住到去来从给送放有被把让叫报诉映现了着过吗呢吧啊呀嘛的得此那哪这些今昨明快急各]"
    r"|身份|证|电话|姓名|先生|女士|旁边|附近|对面|^[县区市镇乡街村]$"
)
_HAN_END: Final = re.compile(r"[\u4e00-\u9fffA-Z]$")
_ENDINGS: Final = ("小区", "住宅小区", "住宅区")
# What the name of a place ends with: a stretch that ends so may stand before another name.
_NAME_ENDS: Final = frozenset("路街道巷弄区园苑里村庭府城寓院楼厦庄湾")
# Words around names that say nothing of where.
_FILLER: Final = re.compile(
    r"(?:[的在是,.\-]|里面?|内|位于|靠近?|临近?|紧邻|从|到|去|往|处|就|附近|旁边|院|我们?|俺|家|住|这|那|有人?|和|与|跟|及|其"
    r"|地址|地点|地方|大概|大约|可能|好像|应该|具体|位置|发生|事发|路段|路上|街上|巷子|巷内|商铺"
    r"|门面|门市|铺面|店面|底商|临街|沿街|反映|举报|投诉|听说|看到|发现|您好|你好|社区居委会|居民委员会|居委会|辖区|管辖|境内|[A-Z]+|后|前|上|下|边|口|号|附|临|第)+"
)
_JOINED: Final = re.compile(r"[,的和与跟及至到交\-]*")
# Another phase or part of an estate than those that are known.
_PART: Final = re.compile(
    r",?(?:第?\d+期|[东西南北中前后][区苑院]|[A-Z\d]+区|[一二三四五六七八九十]+[区村]"
    r"|[新老分][店院部校]),?"
)
# How the names of estates and large buildings end.
_PLACE_LIKE: Final = re.compile(
    r"[\u4e00-\u9fff]{2}(?:小区|花园|花苑|家园|公寓|公馆|新村|新城|国际|一品|广场|大厦|宿舍|家属[区院]|[苑园府邸庭城湾])$"
)
# Words before and after the name of a place that is elsewhere, and words for elsewhere itself.
_AROUND: Final = re.compile(r"^(?:[,的\-]|我?在|位于|从|到|于|是)+|(?:[,的]|那边|市区|市里|本地)+$")
_ABROAD: Final = re.compile(
    r"外地|外省|外市|外县|外国|国外|邻[省市县区镇乡]|隔壁[省市县区镇乡]|别的[省市县区镇乡]"
)
_DIVISION_ENDS: Final = ("省", "市", "县", "区", "旗", "镇", "乡", "街道")
# What follows a name and is the start of a complaint, not of a longer name.
_CLAUSE: Final = re.compile(
    r"[,的]*(?:有|没|被|在|正|又|很|太|总|老是|经常|天天|每天|晚上|半夜|凌晨|早上|昨|今|一直|一到|漏|吵|噪|乱|打|堵|坏|停|占|违|垃圾"
    r"|路灯|井盖|电梯|楼道|消防|下水|污水|广场舞|遛狗|狗|高空|业主|邻居|租户|租客|住户|老板|老人|小孩|居民|群众|两|几|多|这|那|发生|出现"
    r"|发现|存在|需要|请|求|要|说|因|由于|夫妻|施工|装修|油烟|养|晒|丢|扔|掉|倒|积水|水管|塌|裂|断|冒|着火|起火|车辆|电动车|树|墙|外卖)"
)


@dataclass(slots=True)
class Anchor:
    """A known name in the text, with the steps that follow it.

    `cost` is what the name cost to recognise (0: as spelled); `before` and `after` stand unexplained next
    to it and may make it another name.
    """

    name: str
    start: int
    end: int
    cost: float = 0.0
    steps: list[address.Step] = field(default_factory=list)
    relation: Relation | None = None
    before: str = ""
    after: str = ""
    is_area: bool = False


@dataclass(slots=True)
class Reading:
    """What was recognised: anchors from left to right, named divisions, and words that nothing explains."""

    anchors: list[Anchor] = field(default_factory=list)
    named: list[Named] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    crossing: bool = False
    # Numbers that belong to names which are not known.
    strangers: int = 0


@dataclass(slots=True)
class _Span:
    """A stretch of the text: a `name` (as the gazetteer spells it), a step, or a gap."""

    start: int
    end: int
    name: str = ""
    step: address.Step | None = None
    cost: float = 0.0


def read(text: str, gazetteer: Gazetteer) -> Reading:
    """Read a canonical text."""
    reading = Reading()
    anchor: Anchor | None = None
    # Whether the next step belongs to `anchor`: nothing unexplained has come between.
    open_anchor = False
    leftover = ""
    waiting: list[address.Step] = []
    # Whether the last thing read was an unknown name: a number after it is its own.
    stranger = False
    for span in _recognised(text, _cover(text, gazetteer), gazetteer, reading):
        if span.step:
            owner = _owner(reading.anchors, span.step) if open_anchor else None
            if owner:
                owner.steps.append(span.step)
            elif stranger:
                reading.strangers += span.step.unit in address.LOCATING
            elif not leftover.strip(",") and span.step.unit in address.LOCATING:
                waiting.append(span.step)
            continue
        piece = text[span.start : span.end]
        if not span.name:
            reading.named += _elsewhere(piece)
            if anchor and open_anchor and (relation := _relation(piece)):
                joined = relation.where is Where.CROSSING and len(reading.anchors) > 1
                reading.crossing = reading.crossing or joined
                anchor.relation = anchor.relation or relation
                rest = piece.lstrip(",").removeprefix(relation.text).lstrip("的,")
                if rest and not _FILLER.fullmatch(rest):
                    # X旁边Y 3栋: the number is that of Y.
                    open_anchor, stranger = False, True
                continue
            leftover = piece
            if not _FILLER.fullmatch(piece):
                if anchor and (_PART.fullmatch(piece) or (open_anchor and _is_more(anchor, piece))):
                    anchor.after = piece
                reading.unknown.append(piece)
                open_anchor = False
                words = _AROUND.sub("", piece)
                stranger = not (_TALK.search(words) or _CLAUSE.match(words))
                reading.strangers += stranger and _PLACE_LIKE.search(words) is not None
            continue
        stranger = False
        anchor = Anchor(span.name, span.start, span.end, span.cost)
        entry = gazetteer.find(span.name)
        told = contexts.name(span.name)
        if entry is None or all(gazetteer.is_area(row) for row in entry.rows[:8]):
            if told.scope is not Scope.OTHER and told.stem in gazetteer.contexts.known[told.scope]:
                reading.named.append(told)
            anchor.is_area = entry is not None or not gazetteer.has_series(span.name)
        if (
            leftover
            and _HAN_END.search(leftover)
            and not (_FILLER.fullmatch(leftover) or _TALK.search(leftover))
        ):
            anchor.before = leftover
        if reading.anchors and gazetteer.is_noun(anchor.name) and reading.anchors[-1].end == anchor.start:
            # 状元里加油站 is not 状元里.
            before = reading.anchors[-1]
            before.after = before.after or ("" if is_door(before) else anchor.name)
        leftover = ""
        reading.anchors.append(anchor)
        if waiting and not anchor.is_area:
            # 站前社区，6栋，和顺一品: the number came first.
            anchor.steps, waiting = waiting, []
        open_anchor = True
    reading.named = _one_of_each(reading.named)
    if len(reading.anchors) > 1:
        # 花木街道 before an address is the town, though a station is called so too.
        last = reading.anchors[-1]
        reading.anchors = [
            anchor
            for anchor in reading.anchors
            if anchor is last or anchor.is_area or contexts.name(anchor.name).scope is not Scope.TOWN
        ]
    return reading


def is_filler(text: str) -> bool:
    """Whether a canonical text is nothing but talk, a complaint or a relation: 我家楼下, 电梯坏了."""
    at = 0
    while at < len(text):
        ends = [found.end() for words in (_FILLER, _CLAUSE, _TALK) if (found := words.match(text, at))]
        relation = relations.read(text[at:])
        reached = max([at + len(relation.text) if relation else at, *ends])
        if reached == at:
            return False
        at = reached
    return True


def _elsewhere(piece: str) -> list[Named]:
    """What a gap says of other places: 北京, 在成都的, 湖北省武汉市, 外地."""
    words = _AROUND.sub("", piece)
    if not words:
        return []
    if _ABROAD.fullmatch(words):
        return [Named(Scope.PROVINCE, words, words)]
    named, rest = contexts.head(words)
    if named and not rest:
        return named
    return [contexts.name(f"{words}市")] if divisions.is_city(words) else []


def _one_of_each(named: list[Named]) -> list[Named]:
    """The divisions, a second county (菊园新区 in 嘉定区) taken for the town that it is."""
    counties = [each for each in named if each.scope is Scope.COUNTY]
    return [each._replace(scope=Scope.TOWN) if each in counties[1:] else each for each in named]


def _owner(anchors: list[Anchor], step: address.Step) -> Anchor | None:
    """The anchor that a step belongs to: the last one, but a building to an estate rather than to its street door."""
    last = anchors[-1]
    if last.is_area and step.unit in (address.BUILDING, address.DOOR):
        return None
    if step.unit == address.BUILDING and is_door(last) and len(anchors) > 1 and not is_door(anchors[-2]):
        before = anchors[-2]
        if not before.is_area and not before.steps and not before.name.endswith(("路", "街", "道", "巷")):
            return before
    return last


def is_door(anchor: Anchor) -> bool:
    """Whether an anchor is a door on a street."""
    return anchor.name.endswith(address.DOOR) or any(step.unit == address.DOOR for step in anchor.steps)


def _relation(piece: str) -> Relation | None:
    """The relation that a gap after a name tells.

    After a comma only when nothing else follows it; a single character, or words that may begin a name
    (综合, 路口), only when no name seems to follow: 内湖路 is no inside, and 口腔医院 no crossing.
    """
    relation = relations.read(piece.lstrip(","))
    if relation is None:
        return None
    rest = piece.lstrip(",").removeprefix(relation.text)
    plain = not rest or bool(_FILLER.fullmatch(rest))
    if plain:
        return relation
    if piece.startswith(",") or len(relation.text) == 1:
        return None
    if relation.where in (Where.WITHIN, Where.CROSSING, Where.STRETCH):
        return relation if rest[0] in ",的" or _CLAUSE.match(rest) else None
    return relation


def _is_more(anchor: Anchor, piece: str) -> bool:
    """Whether words after a name make it a longer name, or another: 状元府小区|幼儿园, 锦绣花园|3期."""
    if anchor.is_area or piece.startswith(",") or anchor.steps or address.last_step(anchor.name):
        return False
    return not _CLAUSE.match(piece) or len(anchor.name) <= 2


def _cover(text: str, gazetteer: Gazetteer) -> list[_Span]:
    """The text as known names, counted steps and gaps, so that the least is left over."""
    if gazetteer.is_known(text):
        return [_Span(0, len(text), text)]
    n = len(text)
    step_at = {step.start: step for step in address.steps(text)}
    cost = [0] + [1 << 30] * n
    came: list[tuple[int, address.Step | None, bool]] = [(0, None, False)] * (n + 1)
    is_known, lengths_at = gazetteer.is_known, gazetteer.lengths
    for i in range(n):
        here = cost[i]
        if here + _GAP_COST < cost[i + 1]:
            cost[i + 1], came[i + 1] = here + _GAP_COST, (i, None, False)
        if (step := step_at.get(i)) and here + _STEP_COST < cost[step.end]:
            cost[step.end], came[step.end] = here + _STEP_COST, (i, step, False)
        lengths = lengths_at(text[i : i + 2])
        if not lengths or (text[i].isdigit() and i and text[i - 1].isdigit()):
            continue
        length = 2
        lengths >>= 2
        while lengths:
            if lengths & 1:
                end = i + length
                if (
                    end <= n
                    and here + _NAME_COST <= cost[end]
                    and is_known(text[i:end])
                    and not (text[end - 1] == address.DOOR and address.is_thing(text, end))
                ):
                    cost[end], came[end] = here + _NAME_COST, (i, None, True)
            lengths >>= 1
            length += 1
    spans: list[_Span] = []
    end = n
    while end:
        start, step, named = came[end]
        if named:
            spans.append(_Span(start, end, text[start:end]))
        elif step:
            spans.append(_Span(start, end, step=step))
        elif spans and not spans[-1].name and not spans[-1].step:
            spans[-1].start = start
        else:
            spans.append(_Span(start, end))
        end = start
    return spans[::-1]


def _recognised(text: str, spans: list[_Span], gazetteer: Gazetteer, reading: Reading) -> list[_Span]:
    """The spans with divisions taken out of the gaps, and gaps that are names misspelled put right."""
    done: list[_Span] = []
    k = 0
    while k < len(spans):
        span = spans[k]
        k += 1
        if span.name or span.step:
            done.append(span)
            continue
        if all(earlier.name and contexts.name(earlier.name).scope is not Scope.OTHER for earlier in done):
            lead = address.without_lead(text[span.start : span.end])
            follows = text[span.end : span.end + 1]
            named, rest = contexts.head(lead + follows)
            if len(rest) >= len(follows):
                reading.named += [_right_name(each, gazetteer) for each in named]
                span = _Span(span.end - len(rest) + len(follows), span.end)
            if span.start == span.end:
                continue
        after_name = bool(done and (done[-1].name or done[-1].step))
        piece = text[span.start : span.end]
        if _FILLER.fullmatch(piece) or (after_name and _relation(piece)):
            done.append(span)
            continue
        previous = done[-1] if done and done[-1].name and not _is_division(done[-1].name, gazetteer) else None
        following = spans[k] if k < len(spans) and spans[k].name else None
        like, used_previous, used_following = _closest(text, span, previous, following, gazetteer)
        if like is None:
            done.append(_without_strangers(text, span, done, reading))
            continue
        if used_previous:
            done.pop()
        if used_following:
            k += 1
        if like.start > span.start and not used_previous:
            done.append(_Span(span.start, like.start))
        done.append(like)
        gap_end = following.end if used_following and following else span.end
        if like.end < gap_end:
            done.append(_Span(like.end, gap_end))
    return done


def _without_strangers(text: str, span: _Span, done: list[_Span], reading: Reading) -> _Span:
    """A gap that is like no name, without what looks like a county or a town at its head."""
    if any(earlier.name and not earlier.name.endswith(_DIVISION_ENDS) for earlier in done):
        return span
    named, rest = contexts.unlisted(text[span.start : span.end])
    reading.named += named
    return _Span(span.end - len(rest), span.end)


def _closest(
    text: str, gap: _Span, previous: _Span | None, following: _Span | None, gazetteer: Gazetteer
) -> tuple[_Span | None, bool, bool]:
    """A known name that the gap, with or without the names at its sides, is a misspelling of."""
    options = []
    if previous and following:
        options.append((previous.start, following.end, True, True))
    if following:
        options.append((gap.start, following.end, False, True))
    if previous:
        options.append((previous.start, gap.end, True, False))
    if following is None or text[gap.end - 1] in _NAME_ENDS or text[gap.end - 1] == ",":
        options.append((gap.start, gap.end, False, False))
    best: tuple[float, _Span, bool, bool] | None = None
    for start, end, left, right in options:
        for a, b in _trimmed(text, start, end, right):
            found = _like(text[a:b], gazetteer)
            if found and (best is None or found[1] < best[0]):
                best = (found[1], _Span(a, b, found[0], cost=found[1]), left, right)
        if best:
            break
    return best[1:] if best else (None, False, False)


def _trimmed(text: str, start: int, end: int, right: bool) -> list[tuple[int, int]]:
    """The stretch without marks at its ends, and without the words of a relation or a complaint after it."""
    while start < end and text[start] in ",的.-":
        start += 1
    while end > start and text[end - 1] in ",.-":
        end -= 1
    if "," in text[start:end]:
        first = text.index(",", start, end)
        return [(start, first)] if first - start >= 2 else []
    stretches = [(start, end)]
    if not right:
        for cut in range(start + 2, end):
            tail = text[cut:end]
            relation = relations.read(tail)
            if (relation and relation.text == tail) or (cut > start + 2 and _CLAUSE.match(tail)):
                stretches.append((start, cut))
                break
    return [(a, b) for a, b in stretches if b - a >= 2]


def _like(name: str, gazetteer: Gazetteer) -> tuple[str, float] | None:
    """A known name and the cost of taking `name` for it, or None."""
    for ending in _ENDINGS:
        if (
            name.endswith(ending)
            and len(name) - len(ending) >= 3
            and gazetteer.is_known(name.removesuffix(ending))
        ):
            return name.removesuffix(ending), 0.2
    for ending in _ENDINGS[:1]:
        if len(name) >= 3 and gazetteer.is_known(name + ending):
            return name + ending, 0.2
    if name.isascii():
        found = gazetteer.likeness.spelled(name) if name.isalpha() and len(name) > 2 else []
        return (gazetteer.name_at(found[0].id), found[0].cost) if len(found) == 1 else None
    most = _DEAREST * len(name)
    if len(name) < 3:
        return None
    variants = [(name, 0.0), (name + _ENDINGS[0], 0.2)]
    for variant, extra in variants:
        sounding = gazetteer.likeness.sounding(variant, most - extra)
        if sounding and _differing(variant, gazetteer.name_at(sounding[0].id)) <= max(
            1, len(name.removesuffix(_ENDINGS[0])) // 3
        ):
            return gazetteer.name_at(sounding[0].id), sounding[0].cost + extra
    cut = gazetteer.likeness.cut(name, most)
    if cut and (len(cut) == 1 or cut[1].cost > cut[0].cost):
        return gazetteer.name_at(cut[0].id), cut[0].cost
    return None


def _differing(one: str, other: str) -> int:
    """How many characters of two names of one length differ; of other lengths, one."""
    return sum(a != b for a, b in zip(one, other, strict=True)) if len(one) == len(other) else 1


def _right_name(each: Named, gazetteer: Gazetteer) -> Named:
    """A division of the text as the gazetteer spells it, where it is only misspelled."""
    known = gazetteer.contexts.known[each.scope]
    if each.stem not in known and each.scope >= Scope.TOWN:
        for like in gazetteer.likeness.sounding(each.text):
            name = contexts.name(gazetteer.name_at(like.id))
            if name.scope is each.scope and name.stem in known:
                return name
    return each


def _is_division(name: str, gazetteer: Gazetteer) -> bool:
    told = contexts.name(name)
    return told.scope is not Scope.OTHER and told.stem in gazetteer.contexts.known[told.scope]
