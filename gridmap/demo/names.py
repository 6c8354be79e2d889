"""The words of the town: streets, estates, villages, people, and how names are miswritten."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gridmap.demo import terrain


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# The other streets draw from STEMS.
MAIN_STREETS = {
    terrain.WEST_BANK: "滨河西路",
    terrain.EAST_BANK: "滨河东路",
    terrain.AVENUE: "迎宾大道",
    terrain.BOULEVARD: "文昌大道",
    terrain.MAIN: "人民路",
    terrain.SECOND: "状元路",
    terrain.WEST_RAILS: "站西路",
    terrain.EAST_RAILS: "站前路",
}
STEMS = _words("""
    文昌 状元 书院 人民 解放 建设 胜利 和平 朝阳 东风 新华 光明 团结 幸福 友谊 健康 育才 学府 文庙
    钟楼 鼓楼 城隍 盐市 米市 柴市 竹市 骡马 染坊 铁匠 油坊 糖坊 酱园 水井 桂花 槐树 黄桷 银杏 梧桐
    香樟 玉兰 海棠 芙蓉 紫薇 金桂 翠竹 青松 柳荫 桃源 梨园 橘园 清溪 碧溪 凤鸣 麒麟 白鹤 青龙 宝塔
    文峰 笔架 回龙 永安 长宁 太平 安康 兴隆 永兴 兴业 创业 科技 工业 丝绸 农机 体育 公园 市场 中心
    新城 望江 临江 沿溪 荷塘 莲池 石桥 沙坝 河坝 码头 渡口 观音 土门 正南 正北 小南 小北 顺城 东关
    西关 南关 北关 龙泉 清泉 双井 三清 五福 八角 九曲 百花 千佛 万寿 锦江 金沙 银河 星光 朝霞 晨曦
    春熙 秋实 仁和 义和 礼让 智育 信义 忠孝 廉泉 勤俭 富强 文明 和谐 平安 长乐 永乐 宁静 致远 双桥
    响水 滴水 磨坊 布市 果园 菜园 苗圃 砖瓦 石灰 铜锣 灯杆 戏楼 马道 箭道 校场 武庙 药王 火神 龙王
    川主 关帝 万年 金鸡 玉屏 翠屏 锦屏 南屏 凤栖 鹿鸣 鹤鸣 雁塔 登科 进士 榜眼 探花 翰墨 砚台 诗社
    琴台 棋盘 画院 茶馆 酒坊 醋坊 面坊 春晖 秋月 夏荷 冬青 晓月 流霞 飞云 听雨 望湖 观水 枕河 环山
    双龙 五星 七里 十字 半边 月亮 太阳 长青 常乐 广福 思源 饮水 泉水 竹林 松林 柏林 枫林 杏林 桑园
    茶园 麻柳 皂角 核桃 石榴 枇杷 樱花 丁香 月季 牡丹 芍药 迎春 望春
""")
RANK_ENDINGS = {
    "primary": ("大道", "路"),
    "secondary": ("路", "街"),
    "tertiary": ("路", "街", "街"),
    "residential": ("路", "街", "街", "巷"),
    "alley": ("巷", "巷", "弄"),
    "path": ("路",),
}

# (name, aliases): the first names to be given away; with look-alikes and sound-alikes on purpose.
ESTATES = (
    ("状元府", "壮元府;状元府邸"),
    ("状元里", "老状元里"),
    ("锦绣花园", "锦花;锦绣家园"),
    ("锦秀苑", "锦绣苑;原棉纺厂宿舍"),
    ("丽景苑", "丽景"),
    ("丽锦苑", "丽锦"),
    ("滨江明珠", "明珠小区"),
    ("滨河明珠", "河明珠"),
    ("幸福小区", "老幸福"),
    ("翰林苑", "翰林院"),
    ("书香名苑", "书香苑;文庙旧址小区"),
    ("粮食局家属院", "粮食局宿舍;粮站院子"),
    ("丝绸厂宿舍", "丝厂家属院;丝绸厂家属区"),
    ("农机厂家属区", "农机厂宿舍;农机院"),
    ("供销社家属院", "供销社宿舍;供销院"),
    ("阳光花园", "阳光小区"),
    ("阳光家园", "阳光"),
    ("金桂园", "桂园"),
    ("御景湾", "玉景湾"),
    ("玉景苑", "御景苑"),
    ("文昌雅居", "文昌小区"),
    ("时代新城", "新城"),
    ("东方华府", "华府"),
    ("淙溪家园", "宗溪家园;安置房小区"),
    ("幸福小区", "新幸福;幸福二区"),
    ("安居小区", "安居房;廉租房"),
    ("橘园小区", "桔园小区"),
    ("桃源居", "桃园居"),
    ("香榭水岸", "香榭;水岸"),
    ("半岛国际", "半岛"),
)
# Estates with these endings are not called 小区 as well.
COMPLETE = ("小区", "家属院", "宿舍", "家属区", "花园", "家园", "村")
ESTATE_HEADS = _words("""
    锦绣 金域 御龙 盛世 世纪 时代 东方 天骄 鸿运 瑞景 和顺 嘉和 佳和 晟景 盛景 龙城 凤凰 天府 天鹅
    水云 云锦 山水 碧水 绿洲 绿城 翡翠 明月 清风 江南 春天 春晓 秋月 欣荣 新荣 祥和 祥瑞 康乐 康馨
    温馨 馨苑 荷香 桂香 兰亭 竹苑 梅园 松涛 柏景 银杏 香樟 紫荆 紫薇 丹桂 芙蓉 海棠 玉兰 百合 金色
    银座 皇庭 王府 尚城 上城 名门 名都 学苑 文苑 南苑 北苑 东苑 西苑 中央 中兴 宏远 宏图 恒达 恒泰
    永泰 永盛 泰和 太和 富康 富丽 华庭 丽都 凯旋 凯悦 星河 星城 蓝湾 蓝天 红枫 翠湖 镜湖 平湖 湖畔
    河畔 溪畔 临溪 观澜 听涛 望山 依山 云顶 朗润 润泽 泽园 德馨 仁爱 博雅 致雅 怡景 怡和
""")
ESTATE_TAILS = _words("""
    花园 小区 家园 苑 华府 名苑 华庭 雅居 公馆 新村 佳苑 国际 庭院 城 府 里 名邸 新居 雅苑 豪庭
    一品 美域
""")
WORKS = _words("""
    丝绸厂 农机厂 水泥厂 酒厂 印刷厂 肉联厂 建筑公司 汽车队 电力公司 自来水公司 教师进修校 医药公司
    林业局 水利局 财政局 邮电局 供电所 物资局 纺织厂 食品厂
""")
WORKS_TAILS = ("家属院", "宿舍", "家属区")

COMMUNITIES = ("文昌", "书院")
COUNTRY_COMMUNITIES = ("青石", "龙潭")
COMMUNITY_HEADS = _words("""
    永安 长宁 太平 安康 兴隆 永兴 兴业 桂花 槐树 银杏 梧桐 香樟 玉兰 海棠 芙蓉 紫薇 凤鸣 麒麟 白鹤
    青龙 宝塔 文峰 笔架 回龙 莲池 石桥 沙坝 码头 龙泉 清泉 双井 五福 百花 万寿 锦江 星光 仁和 富强
    和谐 平安 长乐 思源 竹林 枫林 杏林 桑园 茶园 樱花
""")
HAMLETS = _words("""
    杨家湾 陈家沟 大屋基 堰塘湾 黄泥坡 柏树林 石桥坝 桐子坪 李子园 花房子 罐子窑 周家院子 谭家坝
    新房子 老鹰岩 水井湾 瓦窑坪 斑竹林 三块石 土地垭 高石坎 蒋家坝 魏家河 白岩脚 楼房湾 四方碑
    石灰窑 鸭子塘 龙洞湾 皂角树 贺家嘴 唐家槽
""")

# Use of the premises: (kind of place, names with aliases, generic name for those beyond the list).
INSTITUTIONS: dict[str, tuple[str, tuple[tuple[str, str], ...], str]] = {
    "school": (
        "school",
        (
            ("溪源县第一中学", "县一中;一中;溪源一中"),
            ("溪源县实验小学", "实验小学;实小"),
            ("淙溪小学", "宗溪小学;街道小学"),
            ("溪源县第二中学", "县二中;二中"),
            ("文昌小学", "文昌校区;老文小"),
            ("溪源县职业中学", "职中;职高"),
            ("书院小学", "书小"),
            ("河西小学", "西小"),
            ("育才学校", "育才"),
            ("机关幼儿园", "机关园;县幼儿园"),
            ("桂花幼儿园", "桂花园"),
        ),
        "小学",
    ),
    "hospital": (
        "hospital",
        (("溪源县人民医院", "县医院;人民医院"), ("溪源县中医院", "中医院;县中医院")),
        "医院",
    ),
    "market": (
        "market",
        (
            ("河东农贸市场", "河东菜市场;东市场"),
            ("盐市口农贸市场", "盐市菜市场;老菜市场;菜市场"),
            ("河西农贸市场", "河西菜市场;菜市场"),
            ("文昌夜市", "夜市;烧烤街;文昌宵夜街"),
            ("太平综合市场", "太平市场;菜市场"),
        ),
        "农贸市场",
    ),
    "wholesale": ("market", (("溪源农副产品批发市场", "批发市场;农批市场"),), "批发市场"),
    "commerce": (
        "market",
        (
            ("万汇商业广场", "万汇;万汇城"),
            ("新世纪购物中心", "新世纪;新世纪百货"),
            ("淙溪步行街", "步行街"),
            ("鼓楼商厦", "鼓楼百货;鼓楼"),
            ("东方建材城", "建材城"),
            ("时代广场商业楼", "时代广场"),
            ("红星家居城", "家居城"),
        ),
        "商业中心",
    ),
    "office": (
        "company",
        (
            ("溪源县政务服务中心", "政务中心;办证大厅"),
            ("溪源县文化馆", "文化馆"),
            ("淙溪街道社区卫生服务中心", "卫生服务中心;街道医院"),
            ("溪源县自来水公司", "水厂营业厅;自来水公司"),
            ("溪源县体育馆", "体育馆"),
        ),
        "办公楼",
    ),
    "government": ("company", (("淙溪街道办事处", "街道办;街道办公楼"),), "政务服务站"),
    "station": ("landmark", (("溪源火车站", "火车站;溪源站"),), "货运站"),
    "park": (
        "park",
        (
            ("龙潭湖公园", "龙潭公园;人工湖"),
            ("状元公园", "状元山公园"),
            ("滨河公园", "河边公园;滨河绿道公园"),
        ),
        "公园",
    ),
    "square": ("park", (("文昌广场", "中心广场;跳舞坝子"), ("淙溪广场", "宗溪广场;街道广场")), "广场"),
    "industry": (
        "company",
        tuple(
            (name, "")
            for name in _words("""
                溪源丝绸有限公司 川岭食品厂 宏达建材厂 溪源农机厂 东升电子厂 绿源饲料厂 恒泰家具厂
                大山水泥制品厂 永固机械厂 天宇塑料厂 鑫发制衣厂 溪源酒厂
            """)
        ),
        "工业园厂房",
    ),
    "works": (
        "company",
        tuple(
            (name, "")
            for name in _words("""
                顺通物流园 金桥汽修厂 兴业印刷厂 佳美包装厂 诚信钢材市场 汇丰仓储 安达驾校 瑞丰粮油厂
                公交停车场 城南砂石场 国强木材市场 四通快运 民生燃气站 溪源供电所 永兴预制板厂
                红日玻璃厂 宏图铝材厂 利民冷库 大道驾校 广源石材厂 兴达汽贸 佳运客运站 环卫停车场
                金穗种子公司 同兴纸箱厂 新旺饲料厂 恒通租赁站 平安检测站 绿野苗圃 华美灯饰厂
            """)
        ),
        "仓库",
    ),
}
BRIDGES = (("淙溪大桥", "大桥;宗溪大桥"), ("状元桥", "老桥;壮元桥"))
LANDMARKS = (
    ("文峰塔", "白塔;老塔"),
    ("状元牌坊", "牌坊"),
    ("老戏台", "万年台"),
    ("大黄桷树", "黄葛树;黄桷树下"),
    ("钟楼旧址", "老钟楼"),
    ("水文站", "河边水文站"),
    ("老渡口", "渡口"),
    ("电视塔", "转播台"),
)
SHOP_HEADS = _words("""
    惠民 好又多 家和 乐家 福满 鑫源 顺发 老周 老杨 胖姐 三妹 陈记 王记 李二 川香 蜀味 好再来 聚友
    百姓 康宁 仁济 同和 小天鹅 金手指 美丽 新潮 永固 便民 宏发 德盛 红旗 溪源 大众 四季 阿强 兄弟
    校门口 河边 桥头 巷子
""")
SHOP_TAILS = _words("""
    超市 便利店 药店 面馆 火锅店 烧烤 茶楼 理发店 五金店 快递驿站 水果店 修车铺 网吧 宾馆 诊所
    文具店 干洗店 豆花饭 银行 加油站
""")

SURNAMES = _words("""
    王 李 张 刘 陈 杨 黄 赵 周 吴 徐 孙 马 朱 胡 郭 何 林 罗 高 郑 梁 谢 宋 唐 许 韩 冯 邓 曹 彭 曾
    肖 田 董 潘 袁 蔡 蒋 余 于 杜 叶 程 魏 苏 吕 丁 任 卢 姚 沈 钟 姜 崔 谭 陆 范 汪 廖 石 金 贾 夏
    付 方 邹 熊 白 孟 秦 邱 侯 江 尹 薛 雷 龙 黎 段
""")
GIVEN = _words("""
    伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 霞 平 刚 桂英 秀兰 建国 建华 志强 志明 海燕
    海涛 晓红 晓东 小琴 小波 玉梅 玉兰 春梅 春华 国强 国庆 文斌 文静 永红 永刚 光辉 光明 丽娟 丽华
    雪梅 雪莲 俊杰 俊峰 子涵 浩然 欣怡 思远 佳慧 宇轩 德全 德富 世平 世民 成芳 成林 大勇 大春 利平
    利群 红梅 红军 中华 中平 家强 家秀 天明 天琼 开琼 开明 代芬 代兵 万里 万琴
""")

# Simplified and traditional forms of the characters in the names.
_PAIRS = _words("""
    状狀 园園 东東 区區 锦錦 绣繡 阳陽 华華 丽麗 桥橋 栋棟 单單 号號 楼樓 学學 龙龍
    凤鳳 宾賓 滨濱 盐鹽 门門 场場 县縣 医醫 书書 国國 时時 来來 兰蘭 云雲 钟鐘 万萬
    宝寶 广廣 农農 贸貿 业業 丝絲 绸綢 厂廠 粮糧 银銀 乐樂 荣榮 岭嶺 湾灣 沟溝 铁鐵
    旧舊 庙廟 当當 乡鄉 长長 宁寧 兴興 胜勝 团團 结結 谊誼 关關 马馬 润潤 泽澤 凯凱
    悦悅 观觀 听聽 涛濤 级級 师師 员員 临臨 电電 视視 传傳 众眾 风風 办辦 双雙 图圖
    机機 动動 头頭 罗羅 张張 陈陳 杨楊 吴吳 孙孫 谢謝 经經 济濟 贤賢 庆慶 体體 丰豐
    义義 仓倉 俭儉 创創 务務 厦廈 发發 叶葉 后後 响響 坝壩 处處 实實 寿壽 岛島 库庫
    强強 戏戲 晓曉 晖暉 枫楓 树樹 栖棲 检檢 汇匯 灯燈 烧燒 爱愛 环環 画畫 盘盤 码碼
    砖磚 砚硯 礼禮 种種 笔筆 红紅 纪紀 纸紙 纺紡 组組 织織 综綜 绿綠 网網 职職 联聯
    药藥 荫蔭 莲蓮 蓝藍 让讓 记記 设設 诊診 诗詩 谐諧 购購 赁賃 资資 车車 达達 运運
    进進 远遠 递遞 邮郵 酱醬 铜銅 铝鋁 铺鋪 销銷 锅鍋 锣鑼 镜鏡 际際 静靜 面麵 顶頂
    顺順 预預 飞飛 饭飯 饮飲 饰飾 饲飼 馆館 驾駕 驿驛 骄驕 验驗 骡騾 鸡雞 鸣鳴 鸿鴻
    鹅鵝 鹤鶴 黄黃 满滿 测測 汉漢
""")
TRADITIONAL = str.maketrans({pair[0]: pair[1] for pair in _PAIRS})
SLIPS = dict(
    zip(
        "状淙锦绣滨湾溪昌华园嘉翰桥龙潭丰祥榭庭苑御丽荷桂盛瑞康馨兰银翠临恒永富星蓝怡润泰和家新明景府里居城源院",
        "壮宗景秀宾弯西长花圆佳汉乔隆谭风详谢亭院玉利河贵胜锐慷欣篮印脆林横勇付兴兰宜闰太合加欣名锦俯理局成园苑",
        strict=True,
    )
)
NUMERALS = ("零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十")
FULL_WIDTH = str.maketrans("0123456789-", "０１２３４５６７８９－")


def numeral(number: int) -> str:
    """1..99 in Chinese numerals."""
    tens, ones = divmod(number, 10)
    if not tens:
        return NUMERALS[ones]
    return ("" if tens == 1 else NUMERALS[tens]) + "十" + (NUMERALS[ones] if ones else "")


def slip(name: str) -> str:
    """The name with its first confusable character written as one that sounds the same."""
    for position, character in enumerate(name):
        if character in SLIPS:
            return name[:position] + SLIPS[character] + name[position + 1 :]
    return name


def shuffled(rng: np.random.Generator, words: tuple[str, ...] | list[str]) -> list[str]:
    return [words[i] for i in rng.permutation(len(words))]


def street_stems(rng: np.random.Generator) -> Iterator[str]:
    """Stems of street names without end: plain ones first, then with 新, 后, 小 and so on before them."""
    order = shuffled(rng, STEMS)
    yield from order
    prefixes = ("新", "后", "前", "小", "上", "下", "老", "大")
    for turn in range(len(prefixes)):
        yield from (prefixes[(i + turn) % len(prefixes)] + stem for i, stem in enumerate(order))
    number = 1
    while True:
        yield from (f"{stem}{numeral(number % 99 + 1)}" for stem in STEMS)
        number += 1


def community_names() -> Iterator[str]:
    """Names of communities in the town without end, each once."""
    yield from COMMUNITIES
    for ending in ("", "园", "街", "湾", "里", "坝", "桥", "岭"):
        yield from (head + ending for head in COMMUNITY_HEADS)


def estate_names(rng: np.random.Generator) -> Iterator[tuple[str, str]]:
    """(name, aliases) without end: the curated ones first, then works' housing among composed names."""
    yield from ESTATES
    used = {name for name, _ in ESTATES}
    composed = shuffled(rng, [head + tail for head in ESTATE_HEADS for tail in ESTATE_TAILS])
    works = shuffled(rng, [unit + tail for unit in WORKS for tail in WORKS_TAILS])
    turn = 0
    while True:
        turn += 1
        if turn % 9 == 0 and works:
            name = works.pop()
        elif composed:
            name = composed.pop()
        else:
            name = f"{ESTATE_HEADS[turn % len(ESTATE_HEADS)]}{numeral(turn % 98 + 1)}村"
        if name not in used and name[1] != name[2]:
            used.add(name)
            yield name, _aliases(name)


def _aliases(name: str) -> str:
    if name.endswith(("家属院", "宿舍", "家属区")):
        unit = name.removesuffix("家属院").removesuffix("宿舍").removesuffix("家属区")
        return ";".join(unit + tail for tail in ("家属楼", "老院子"))
    return name[:2] + "小区" if not name.endswith("小区") else name[:2] + "苑"


def person(rng: np.random.Generator) -> str:
    return str(rng.choice(SURNAMES)) + str(rng.choice(GIVEN))
