"""Which column of a file fills which field: as told, else guessed from names in use."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from gridmap.errors import InputError
from gridmap.ingest.cells import shown
from gridmap.ingest.source import listed

# Names are compared without case, blanks, punctuation and what stands in brackets. Earlier ones win.
# Sources: this project's own files, Chinese ledgers and the 12345 hotline's spreadsheets, Taiwan's open data,
# OpenStreetMap exports, Open311 and the 311 sets of New York, Chicago, Boston, San Francisco.
_LNG: Final = "lng,longitude,lon,long,经度,經度,东经,東經,pointx,coordx,xcoord,x坐标,x座標,x"
_LAT: Final = "lat,latitude,纬度,緯度,北纬,北緯,pointy,coordy,ycoord,y坐标,y座標,y"
_WKT: Final = "wkt,geomwkt,geometrywkt,geometry,geom,thegeom,几何,幾何"
_POINT: Final = {"lng": _LNG, "lat": _LAT, "wkt": _WKT}
_NAME: Final = "name,名称,名稱,全称,全稱,namezh,cnname,title,label"
_ADDRESS: Final = (
    "address,addr,地址,详细地址,詳細地址,住址,fulladdress,streetaddress,incidentaddress,"
    "locationaddress,addressstring,事发地址,事发地点,發生地點,发生地点,地点,地點,位置,所在地"
)
_PHONE: Final = "phone,telephone,tel,mobile,电话,電話,联系电话,聯絡電話,联系方式,手机,手机号,手機"
_ALIASES: Final = "aliases,alias,别名,別名,俗称,又名,曾用名,altname"
_PARENT: Final = "parent,parentcode,上级,上級,上级编码,上级代码,所属社区,所屬社區,所属"

SYNONYMS: Final[Mapping[str, Mapping[str, str]]] = {
    "areas": {
        "code": "code,areacode,gridcode,网格编码,网格编号,网格代码,区划代码,行政区划代码,统计用区划代码,"
        "编码,编号,代码,編碼,編號,代碼,adcode,gbcode,统一编码",
        "name": f"{_NAME},网格名称,区划名称,社区名称,村里名稱,areaname,gridname",
        "kind": "kind,areakind,网格类型,网格性质,网格类别",
        "parent": _PARENT,
        "households": "households,户数,戶數,家庭户数,住户数,hh",
        "population": "population,people,pop,人口,人口数,人口數,常住人口,总人口",
        "valid_from": "validfrom,生效日期,启用日期,有效期起",
        "wkt": _WKT,
    },
    "stations": {
        "reference": "reference,ref,编号,編號,编码,站点编号,站点编码,stationid,facilityid",
        "kind": "kind,类型,類型,站点类型,驿站类型,类别,類別,种类,"
        "maintype,stationkind,facilitytype,category,amenity,type",
        "name": f"{_NAME},站点名称,驿站名称,機構名稱,机构名称,據點名稱,facilityname,stationname",
        "address": _ADDRESS,
        "phone": _PHONE,
        **_POINT,
        "opening_hours": "openinghours,hours,开放时间,开放时段,营业时间,服务时间,開放時間",
        "amenities": "amenities,设施,設施,服务设施,配套设施,facilities",
        "capacity": "capacity,容量,座位数,可容纳人数,床位",
        "use_month": "usemonth,month,月份,统计月份",
        "visits": "visits,服务人次,人次,到访人次",
        "waters": "waters,饮水,饮水量,供水",
        "medicines": "medicines,用药,药品,用药人次",
    },
    "places": {
        "name": f"{_NAME},地名,小区名称,小區名稱",
        "aliases": _ALIASES,
        "kind": "kind,类型,類型,类别,類別,placekind,fclass,type",
        "parent": _PARENT,
        "address": _ADDRESS,
        "managed": "managed,物业,有无物业,物業",
        "committee": "committee,业委会,有无业委会,業委會",
        **_POINT,
    },
    "streets": {
        "name": f"{_NAME},道路名称,路名,街道名称,streetname,roadname",
        "class": "class,highway,fclass,roadclass,道路等级,道路類型,道路类型,等级,type",
        "bridge": "bridge,桥,桥梁,是否桥梁",
        "wkt": _WKT,
    },
    "landscape": {
        "kind": "kind,类型,類型,类别,landuse,fclass,class,type",
        "name": _NAME,
        "wkt": _WKT,
    },
    "demand": {
        **_POINT,
        "building": "building,buildingcode,楼栋,楼栋编码,楼栋代码,建筑编码",
        "households": "households,户数,戶數,住户数,hh",
        "people": "people,population,pop,人口,人口数,人口數,人数,常住人口,demand,weight",
        "elderly": "elderly,老人,老年人,老年人口,60岁以上,65岁以上",
        "children": "children,儿童,兒童,未成年人,儿童数",
        "riders": "riders,骑手,骑手数,外卖骑手,新就业群体",
    },
    "reports": {
        "reference": "reference,ref,工单号,工单编号,事件编号,受理编号,案件编号,案件編號,流水号,编号,編號,uniquekey,"
        "caseid,caseenquiryid,casenumber,servicerequestid,srnumber,requestid,requestnumber,ticketid,id",
        "source": "source,来源,來源,渠道,上报渠道,诉求来源,事件来源,opendatachanneltype,methodreceived,origin",
        "category": "category,类别,類別,事项,事项类别,事件类型,事件类别,问题类别,问题类型,诉求类型,案件類別,类型,類型,"
        "complainttype,srtype,requesttype,servicename,casetype,issuetype,type",
        "text": "text,描述,内容,內容,事件描述,问题描述,事项描述,诉求内容,工单内容,反映内容,案件內容,正文,"
        "descriptor,description,requestdetails,details,casetitle,subject,标题,標題",
        "address": _ADDRESS,
        **_POINT,
        "accuracy_m": "accuracym,accuracy,定位精度,精度",
        "occurred_at": "occurredat,发生时间,發生時間,事发时间,发生日期",
        "reported_at": "reportedat,上报时间,受理时间,受理時間,来电时间,登记时间,创建时间,反映时间,提交时间,"
        "createddate,creationdate,datecreated,opened,opendate,opendt,openeddate,requesteddatetime,"
        "requestdate,reportdate,receiveddate,时间,日期,時間,date",
        "due_at": "dueat,duedate,截止时间,办理期限,办结期限,到期时间,應辦結時間,targetdt,expecteddatetime",
        "closed_at": "closedat,办结时间,办结日期,结案时间,辦結時間,完成时间,closeddate,closed,closeddt,"
        "dateclosed,resolveddate,completeddate",
    },
    "workers": {
        "name": f"{_NAME},姓名,网格员,網格員",
        "phone": _PHONE,
        "role": "role,角色,岗位,职务,身份,类型",
        "areas": "areas,area,网格,网格编码,负责网格,责任网格,所属网格",
    },
}

_KNOWN: Final = frozenset(
    name for synonyms in SYNONYMS.values() for known in synonyms.values() for name in known.split(",")
)

# One of each group must have a column; coordinates are asked for when they are read.
REQUIRED: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "areas": (("code",),),
    "stations": (("name",),),
    "places": (("name",),),
    "streets": (),
    "landscape": (("kind",),),
    "demand": (("people",),),
    "reports": (("text", "category"), ("reported_at", "occurred_at")),
    "workers": (("name",), ("areas",)),
}


def guess(
    columns: Iterable[str], kind: str, given: Mapping[str, str], file: str | None = None
) -> dict[str, str]:
    """The column of each field of an import of `kind`; fields without one are left out.

    `given` overrides the guesses; a column is guessed for one field only. Raises InputError for a field or
    a column that does not exist, for one column given to two fields, and for a required field that nothing fills.
    """
    names = list(columns)
    synonyms = SYNONYMS[kind]
    filled: dict[str, str] = {}
    for field, column in given.items():
        if field not in synonyms:
            known = ", ".join(synonyms)
            raise InputError(f"there is no field {shown(field)!r} in {kind}: use one of {known}", file=file)
        if column not in names:
            raise InputError(f"no column {shown(column)!r} for {field}: {have(names)}", file=file)
        first = filled.setdefault(column, field)
        if first != field:
            raise InputError(
                f"column {shown(column)!r} is mapped to both {first} and {field}: give each its own",
                file=file,
            )
    plain: dict[str, str] = {}
    for name in names:
        if name not in given.values():
            plain.setdefault(_plain(name), name)
    mapping = {}
    for field, known in synonyms.items():
        if field in given:
            mapping[field] = given[field]
            continue
        found = next((candidate for candidate in known.split(",") if candidate in plain), None)
        if found is not None:
            mapping[field] = plain.pop(found)
    for group in REQUIRED[kind]:
        if not any(field in mapping for field in group):
            fields = " or ".join(group)
            raise InputError(f"no column for {fields}: say --map {group[0]}=COLUMN; {have(names)}", file=file)
    return mapping


def have(columns: Sequence[str]) -> str:
    """The columns of a file, for a message."""
    return f"the file has {listed(columns, 40)}" if columns else "the file has no columns"


def is_known(name: str) -> bool:
    """Whether a column of this name would be guessed for a field of some kind of import."""
    return _plain(name) in _KNOWN


def _plain(name: str) -> str:
    bare = re.sub(r"[(\[{（【].*", "", unicodedata.normalize("NFKC", name))
    return re.sub(r"[\W_]+", "", bare).casefold()
