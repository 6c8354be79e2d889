"""天地图 as a second opinion, against a server that answers as it is documented, and one that does not."""

from __future__ import annotations

import json
import re
import threading
import traceback
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from gridmap.config import ROOT, Settings
from gridmap.errors import ConfigError
from gridmap.geocode import confidence, match
from gridmap.geocode.gazetteer import Gazetteer
from gridmap.operations import asking, gazetteer, geocoding, locating
from gridmap.operations.gazetteer import Known
from gridmap.operations.owners import Locator
from gridmap.providers import restraint
from gridmap.providers.provider import Found, NoAnswerError
from gridmap.providers.restraint import FAILURES, PAUSE_SECONDS, Answers, Pace, Restrained
from gridmap.providers.tianditu import Tianditu
from tests.conftest import quiet

KEY = "5ecre7key0123456789abcdef0123456"
ADDRESS = "淙溪县春风路28号"
# As of searchVersion 6: numbers as numbers. Older versions told them as text.
GOOD = {
    "msg": "ok",
    "location": {"score": 100, "level": "门址", "lon": 107.86, "lat": 31.08, "keyWord": ADDRESS},
    "searchVersion": "6.4.9V",
    "status": "0",
}


@dataclass
class Fake:
    """What the server is to answer, and what it was asked."""

    url: str = ""
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    silent: threading.Event | None = None
    drip: bool = False

    def tells(self, told: object) -> Fake:
        self.body = json.dumps(told, ensure_ascii=False).encode()
        return self


@pytest.fixture
def fake():
    state = Fake().tells(GOOD)
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            state.asked.append(parse_qs(urlsplit(self.path).query))
            state.agents.append(self.headers["User-Agent"])
            if state.silent:
                state.silent.wait(20)
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                if state.drip:
                    while not ended.wait(0.02):
                        self.wfile.write(b" ")
                        self.wfile.flush()
                self.wfile.write(state.body)
            except OSError:
                return

        def log_message(self, *_):
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/geocoder"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield state
    ended.set()
    if state.silent:
        state.silent.set()
    server.shutdown()
    server.server_close()
    thread.join()


def service(fake, seconds=5.0):
    return Tianditu(fake.url, KEY, seconds)


def fails(fake, seconds=5.0):
    """The words of the failure; neither they nor its traceback hold the key or the address."""
    with pytest.raises(NoAnswerError) as caught:
        service(fake, seconds).find(ADDRESS)
    told = "".join(traceback.format_exception(caught.value))
    assert KEY not in told
    assert "春风路" not in told
    assert "%E6%98%A5" not in told
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


def test_the_request_is_the_documented_one_and_the_answer_is_read(fake):
    found = service(fake).find(ADDRESS)
    assert found == Found(x=107.86, y=31.08, level="门址", score=100.0, precise=True)
    (asked,) = fake.asked
    assert set(asked) == {"ds", "tk"}
    assert json.loads(asked["ds"][0]) == {"keyWord": ADDRESS}
    assert asked["tk"] == [KEY]
    # The service takes a browser's user agent for a browser, and refuses a server's key.
    assert fake.agents[0].startswith("GridMap/")


def test_numbers_may_come_as_text_and_the_score_not_at_all(fake):
    fake.tells(
        {
            "status": "0",
            "msg": "ok",
            "location": {"lon": "116.001688", "lat": "40.453228", "level": "地名地址"},
        }
    )
    found = service(fake).find(ADDRESS)
    assert (found.x, found.y, found.score, found.precise) == (116.001688, 40.453228, 0.0, False)


@pytest.mark.parametrize("told", [{"status": "101", "msg": "结果为空"}, {"status": "404", "msg": "无结果"}])
def test_nothing_found_is_none(fake, told):
    fake.tells(told)
    assert service(fake).find(ADDRESS) is None


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"status": "404", "msg": "服务出错"}, "status 404"),
        ({"status": "1", "msg": "错误"}, "status 1"),
        ({"code": 301012, "msg": "权限类型错误", "resolve": f"tk={KEY}"}, "status 301012"),
        ({"code": KEY, "msg": ADDRESS}, "status unknown"),
        ({}, "status unknown"),
        ([GOOD], "not a JSON object"),
        ({"status": "0", "msg": "ok"}, "status 0"),
        ({"status": "0", "location": {"lon": 31.08, "lat": 107.86}}, "no coordinates"),
        ({"status": "0", "location": {"lon": None, "lat": 31}}, "no coordinates"),
        ({"status": "0", "location": {"lon": "NaN", "lat": "31"}}, "no coordinates"),
        ({"status": "0", "location": {"lon": ADDRESS, "lat": 31}}, "no coordinates"),
        ({"status": "0", "location": {"lat": 31}}, "no coordinates"),
        ({"status": "0", "location": {"lon": 107, "lat": 31, "score": [1]}}, "no coordinates"),
    ],
)
def test_other_answers_are_failures_that_tell_a_number_only(fake, told, words):
    fake.tells(told)
    assert fails(fake) == words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"status": "0", "location"', "not a JSON object"),
        (b"<html><body>503 Service Unavailable</body></html>", "not a JSON object"),
        (b"", "not a JSON object"),
        (b"\xff\xfe\x00", "not a JSON object"),
        (b"[" * 50_000, "not a JSON object"),
        (b" " * 100_000, "answer too long"),
    ],
)
def test_what_is_no_json_is_a_failure(fake, body, words):
    fake.body = body
    assert fails(fake) == words


@pytest.mark.parametrize("status", [403, 404, 429, 500, 502])
def test_an_http_error_is_a_failure(fake, status):
    fake.status = status
    assert fails(fake) == f"HTTP {status}"


def test_an_address_does_not_follow_a_redirect(fake):
    fake.status, fake.headers = 302, {"Location": f"{fake.url}?elsewhere=1"}
    assert fails(fake) == "HTTP 302"
    assert len(fake.asked) == 1


def test_a_slow_answer_is_given_up(fake):
    fake.silent = threading.Event()
    assert fails(fake, 0.2) == "timeout"


def test_an_answer_that_drips_is_given_up(fake):
    fake.drip = True
    assert fails(fake, 0.3) == "timeout"


def test_nobody_there_is_a_failure(fake):
    fake.url = "http://127.0.0.1:1/geocoder"
    assert fails(fake) == "no connection"


def test_a_level_from_outside_is_one_short_line(fake):
    fake.tells({**GOOD, "location": {**GOOD["location"], "level": "门\n\u202e址" + "x" * 500, "score": 1e9}})
    found = service(fake).find(ADDRESS)
    assert re.fullmatch(r"门址x{18}", found.level)
    assert found.score == 100
    assert not found.precise


def test_the_key_is_in_no_repr(fake):
    assert KEY not in repr(service(fake))


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def restrained(fake, folder, clock=None):
    clock = clock or Clock()
    return Restrained(service(fake), Answers(folder), Pace(1000, clock, clock.sleep), clock)


def test_an_answer_is_asked_for_once(fake, tmp_path):
    first = restrained(fake, tmp_path).find(ADDRESS)
    again = restrained(fake, tmp_path)
    assert again.find(ADDRESS) == first
    assert len(fake.asked) == 1
    assert again.find("淙溪县秋月路1号") == first
    assert len(fake.asked) == 2


def test_that_nothing_was_found_is_kept_too_and_a_failure_is_not(fake, tmp_path):
    asking = restrained(fake, tmp_path)
    fake.status = 500
    with pytest.raises(NoAnswerError):
        asking.find(ADDRESS)
    fake.status = 200
    fake.tells({"status": "101", "msg": "结果为空"})
    assert asking.find(ADDRESS) is None
    assert restrained(fake, tmp_path).find(ADDRESS) is None
    assert len(fake.asked) == 2


def test_what_is_kept_names_no_address_and_a_damaged_or_old_file_is_asked_again(fake, tmp_path, monkeypatch):
    restrained(fake, tmp_path).find(ADDRESS)
    (file,) = tmp_path.rglob("*.json")
    assert "春风路" not in file.read_text(encoding="utf-8") + str(file)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]
    for damaged in ('{"asked": 1', "[]", '{"asked": 9e99, "found": null}', '{"asked": 1, "found": null}'):
        file.write_text(damaged, encoding="utf-8")
        assert restrained(fake, tmp_path).find(ADDRESS).level == "门址"
    assert len(fake.asked) == 5
    monkeypatch.setattr(restraint, "KEPT_DAYS", 0)
    restrained(fake, tmp_path).find(ADDRESS)
    assert len(fake.asked) == 6


def test_a_folder_that_cannot_be_written_costs_requests_only(fake, tmp_path):
    (tmp_path / "file").write_text("")
    asking = restrained(fake, tmp_path / "file")
    assert asking.find(ADDRESS) == asking.find(ADDRESS)
    assert len(fake.asked) == 2


def test_turns_are_spaced_evenly_after_the_first():
    clock = Clock()
    pace = Pace(4, clock, clock.sleep)
    turns = []
    for _ in range(5):
        pace.wait()
        turns.append(clock.now - 1000)
    assert turns == [0, 0.25, 0.5, 0.75, 1.0]
    clock.now += 60
    pace.wait()
    assert clock.now == 1061, "a pause is no credit, and costs no wait"


def test_threads_share_one_pace():
    slept = []
    pace = Pace(10, lambda: 5.0, slept.append)
    threads = [threading.Thread(target=pace.wait) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(round(seconds, 6) for seconds in slept) == [round(n / 10, 6) for n in range(1, 20)]


def test_a_service_that_is_down_is_left_alone_and_tried_again_later(fake, tmp_path, caplog):
    clock = Clock()
    asking = restrained(fake, tmp_path, clock)
    fake.status = 500
    for n in range(FAILURES + 20):
        with pytest.raises(NoAnswerError):
            asking.find(f"{ADDRESS}{n}")
    assert len(fake.asked) == FAILURES
    clock.now += PAUSE_SECONDS + 1
    for n in range(3):
        with pytest.raises(NoAnswerError):
            asking.find(f"{ADDRESS}{n}")
    assert len(fake.asked) == FAILURES + 1, "one request tells that it is still down"
    clock.now += PAUSE_SECONDS + 1
    fake.status = 200
    assert asking.find(ADDRESS).level == "门址"
    assert asking.find(f"{ADDRESS}9").level == "门址"
    said = [record.getMessage() for record in caplog.records]
    pauses = ["天地图 is left alone for 60 s: HTTP 500"] * 2
    assert said == ["天地图 does not answer: HTTP 500", *pauses], "once when it begins, and at each pause"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"geocode_provider": "somebody"}, "must be empty or tianditu"),
        ({"geocode_provider": "tianditu"}, "tianditu_key is empty"),
        ({"geocode_provider_url": "file:///etc/passwd"}, "must begin with https"),
        ({"geocode_provider_per_second": 0.0}, "above 0"),
        ({"geocode_provider_per_second": float("nan")}, "above 0"),
    ],
)
def test_settings_that_cannot_be_used_are_named(values, words):
    with pytest.raises(ConfigError, match=words):
        Settings(**values)


# A road that the demo town does not have.
UNKNOWN = "春光路28号"


@pytest.fixture(scope="module")
def known(town_database):
    with town_database.session() as session:
        return gazetteer.known(session)


@pytest.fixture(scope="module")
def middle():
    """The roomiest grid of the demo town: its code, a point more than 50 m from its edges, one on its edge."""
    grids = gpd.read_file(ROOT / "geodata/demo/grids.geojson")
    circles = shapely.maximum_inscribed_circle(grids.geometry.to_numpy())
    widest = shapely.length(circles).argmax()
    assert shapely.length(circles[widest]) > 0.0006, (
        "at the least 57 m, since a degree of longitude is shorter"
    )
    inner, edge = circles[widest].coords
    return grids["code"].iloc[widest], inner, edge


@pytest.fixture
def settings_asking(fake, tmp_path):
    return Settings(
        data=tmp_path,
        geocode_provider="tianditu",
        geocode_provider_url=fake.url,
        geocode_provider_per_second=1000.0,
        tianditu_key=KEY,
    )


def at(place, **location):
    x, y = place
    return {**GOOD, "location": {**GOOD["location"], "lon": x, "lat": y, **location}}


def asked_for(settings, known, text):
    """The match after the second opinion; nothing in it tells the key."""
    found = asking.ask(match.geocode(text, known.gazetteer, known.owner), asking.provider(settings), known)
    assert KEY not in repr(found)
    return found


def sent(fake):
    return [json.loads(query["ds"][0])["keyWord"] for query in fake.asked]


def test_a_sure_answer_is_taken_below_all_calibrated_ones_and_says_so(fake, settings_asking, known, middle):
    code, inner, _ = middle
    fake.tells(at(inner))
    found = asked_for(settings_asking, known, UNKNOWN)
    assert (found.status, found.area) == ("answered", code)
    assert (found.x, found.y) == pytest.approx(inner, abs=1e-9)
    assert found.confidence == asking.CONFIDENCE < confidence.THRESHOLD
    assert found.radius_m == asking.RADIUS_M
    assert "地名库里没有" in found.reasons[0]
    assert all(word in found.reasons[-1] for word in ("天地图", "门址", "100", "未经校准"))
    assert (found.candidates[0].place, found.candidates[0].kind) == (f"{UNKNOWN}（天地图）", asking.KIND)
    assert sent(fake) == [UNKNOWN]


@pytest.mark.parametrize(
    ("text", "location", "words"),
    [
        (UNKNOWN, {"level": "道路"}, "级别不够精确"),
        (UNKNOWN, {"level": "地名地址"}, "级别不够精确"),
        (UNKNOWN, {"score": 89}, "得分不足"),
        (f"{UNKNOWN}对面", {}, "没有写明门牌或楼栋"),
        ("明珠花园小区", {"level": "兴趣点"}, "没有写明门牌或楼栋"),
        ("状元路99999号", {}, "与本地候选不在同一网格"),
    ],
)
def test_an_unsure_answer_is_a_candidate_with_its_doubts(
    fake, settings_asking, known, middle, text, location, words
):
    code, inner, _ = middle
    fake.tells(at(inner, **location))
    found = asked_for(settings_asking, known, text)
    assert found.abstained
    assert (found.x, found.area) == (None, None)
    assert words in found.reasons[-1]
    assert "仅作候选" in found.reasons[-1]
    assert "天地图" in found.reasons[-1]
    (candidate,) = [one for one in found.candidates if one.kind == asking.KIND]
    assert candidate.area == code
    assert len(found.candidates) <= 8


def test_an_answer_near_the_edge_of_its_grid_is_a_candidate(fake, settings_asking, known, middle):
    _, _, edge = middle
    fake.tells(at(edge))
    found = asked_for(settings_asking, known, UNKNOWN)
    assert found.abstained
    assert "位置靠近网格边界" in found.reasons[-1]


def test_an_answer_outside_our_areas_is_no_candidate(fake, settings_asking, known):
    fake.tells(at((116.4, 39.9)))
    found = asked_for(settings_asking, known, UNKNOWN)
    assert found.abstained
    assert "不在辖区内" in found.reasons[-1]
    assert not [one for one in found.candidates if one.kind == asking.KIND]


def test_without_an_answer_the_abstention_stands(fake, settings_asking, known):
    before = match.geocode(UNKNOWN, known.gazetteer, known.owner)
    fake.status = 500
    failed = asked_for(settings_asking, known, UNKNOWN)
    assert failed.reasons == (*before.reasons, "天地图未作答")
    fake.status = 200
    fake.tells({"status": "101", "msg": "结果为空"})
    nothing = asked_for(settings_asking, known, UNKNOWN)
    assert nothing.reasons == (*before.reasons, "天地图也没有找到")
    assert failed.candidates == nothing.candidates == before.candidates


def test_only_the_way_to_the_house_is_sent(fake, settings_asking, known):
    for text in (
        "我家住在淙溪街道春光路28号3单元501室 王女士",
        "地址：春光路二十九号（楼上漏水，找李某某）",
        "红旗新村３棟2单元501，李某",
    ):
        asked_for(settings_asking, known, text)
    assert sent(fake) == ["淙溪街道春光路28号", "春光路29号", "红旗新村3栋"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "(无)",
        "不详",
        "13912345678",
        "春光路28号 13912345678",
        "春光路28号 张三 519900199001010017",
        "上海市浦东新区春光路28号",
        "台北市內湖區春光路28號",
        "哈哈哈哈",
        "家里楼上漏水",
        "1234",
        "😀😀",
        "<script>alert(1)</script>",
        "'; DROP TABLE areas; --",
        "春光路28号" + "我要投诉" * 20,
        "对面那家",
    ],
)
def test_what_is_no_address_of_ours_is_not_sent(fake, settings_asking, known, text):
    assert asked_for(settings_asking, known, text) == match.geocode(text, known.gazetteer, known.owner)
    assert fake.asked == []


def test_what_the_gazetteer_answers_is_not_asked(fake, settings_asking, known):
    assert asked_for(settings_asking, known, "上城美域小区1栋").status == "answered"
    assert fake.asked == []


def test_nothing_is_asked_unless_a_provider_is_set(fake, known, tmp_path):
    settings = Settings(data=tmp_path, tianditu_key=KEY, geocode_provider_url=fake.url)
    assert asking.provider(settings) is None
    assert asked_for(settings, known, UNKNOWN).abstained
    assert fake.asked == []
    assert list(tmp_path.iterdir()) == []


def test_an_address_that_is_looked_up_gets_the_second_opinion(fake, settings_asking, town_database, middle):
    code, inner, _ = middle
    fake.tells(at(inner))
    with town_database.session() as session:
        found = locating.locate_address(session, settings_asking, f"{UNKNOWN}3单元501室")
    assert (found["status"], found["area"]["code"]) == ("located", code)
    assert (found["lng"], found["lat"]) == pytest.approx(inner, abs=1e-7)
    assert (found["confidence"], found["radius_m"]) == (asking.CONFIDENCE, asking.RADIUS_M)
    assert "天地图" in found["place"]
    assert found["candidates"][0]["kind"] == asking.KIND
    assert any("未经校准" in reason for reason in found["reasons"])
    assert sent(fake) == [UNKNOWN]


def test_an_address_that_is_looked_up_stays_here_unless_a_provider_is_set(fake, town_database, tmp_path):
    settings = Settings(data=tmp_path, tianditu_key=KEY, geocode_provider_url=fake.url)
    with town_database.session() as session:
        found = locating.locate_address(session, settings, UNKNOWN)
    assert (found["status"], found["area"]) == ("unsure", None)
    assert fake.asked == []


def test_the_county_is_sent_along_where_the_text_does_not_name_it(fake, settings_asking):
    square = shapely.box(107.85, 31.07, 107.87, 31.09)
    code = "511723001001001"
    grid = gpd.GeoDataFrame(
        {"id": [1], "code": [code], "level": ["grid"], "kind": ["general"]},
        geometry=[square],
        crs="EPSG:4490",
    )
    places = pd.DataFrame(
        {"name": ["城南小区"], "kind": ["estate"], "x": [107.86], "y": [31.08], "area": [code]}
    )
    here = Known(Gazetteer(places), Locator(grid))
    asked_for(settings_asking, here, UNKNOWN)
    asked_for(settings_asking, here, "四川省开江县春光路29号")
    assert sent(fake) == [f"四川省达州市开江县{UNKNOWN}", "四川省开江县春光路29号"]


def test_a_file_is_geocoded_with_the_provider_for_what_is_left(
    fake, settings_asking, town_database, middle, tmp_path
):
    code, inner, _ = middle
    fake.tells(at(inner))
    with town_database.session() as session:
        geocoder = geocoding.Geocoder.load(session, settings_asking)
    texts = ["上城美域小区1栋", UNKNOWN, "(无)", UNKNOWN, f"{UNKNOWN} 13912345678"]
    (tmp_path / "in.csv").write_text("地址\n" + "\n".join(texts) + "\n", encoding="utf-8")
    work = geocoding.prepare(tmp_path / "in.csv", tmp_path / "out.csv", None)
    outcome = geocoding.run(geocoder, work, quiet, print)
    rows = pd.read_csv(tmp_path / "out.csv", dtype=str, keep_default_na=False)
    assert rows["status"].tolist() == ["answered", "answered", "abstained", "answered", "abstained"]
    assert rows["area"].tolist()[1] == code
    assert rows["confidence"].tolist()[1] == "0.500"
    assert "天地图" in rows["reasons"].tolist()[1]
    assert outcome.answered == 3
    assert sent(fake) == [UNKNOWN], "an address is asked for once, and only where the gazetteer abstained"
    assert KEY not in (tmp_path / "out.csv").read_text(encoding="utf-8")
