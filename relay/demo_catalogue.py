"""A small city to try relay with: two counties of Ningbo, five departments, seats that share them."""

from relay.catalogue import Catalogue, Department, KioskProfile, Region, SeatProfile, ServiceItem

_DEPARTMENTS = (
    Department("social-security", "人力资源和社会保障", "Social security"),
    Department("medical-insurance", "医疗保障", "Medical insurance"),
    Department("civil-affairs", "民政", "Civil affairs"),
    Department("public-security", "公安户政", "Residence and identity"),
    Department("market", "市场监管", "Business registration"),
    Department("housing", "不动产登记", "Housing and property"),
)

_ITEMS = (
    ServiceItem("social-security.pension.certify", "养老金领取资格认证", "Certify pension entitlement"),
    ServiceItem("social-security.pension.apply", "养老金申领", "Apply for a pension"),
    ServiceItem("social-security.card.replace", "社会保障卡补换", "Replace a social security card"),
    ServiceItem("medical-insurance.enrol", "城乡居民医保参保登记", "Enrol in medical insurance"),
    ServiceItem("medical-insurance.claim.elsewhere", "异地就医报销", "Claim for treatment elsewhere"),
    ServiceItem("civil-affairs.allowance.elderly", "高龄津贴申请", "Apply for the old-age allowance"),
    ServiceItem("civil-affairs.allowance.minimum", "最低生活保障申请", "Apply for subsistence allowance"),
    ServiceItem("civil-affairs.disability.certificate", "残疾人两项补贴申请", "Apply for disability benefits"),
    ServiceItem("public-security.residence.permit", "居住证办理", "Apply for a residence permit"),
    ServiceItem("public-security.household.register", "户口登记", "Register a household"),
    ServiceItem("market.sole-trader.register", "个体工商户设立登记", "Register as a sole trader"),
    ServiceItem("market.food.licence", "食品经营许可", "Apply for a food licence"),
    ServiceItem("housing.title.transfer", "不动产转移登记", "Transfer a property title"),
    ServiceItem("housing.rent.subsidy", "公共租赁住房补贴", "Apply for a rent subsidy"),
)

_REGIONS = (
    Region("330000", "浙江省", "Zhejiang"),
    Region("330200", "宁波市", "Ningbo"),
    Region("330203", "海曙区", "Haishu"),
    Region("330226", "宁海县", "Ninghai"),
)

_SEATS = (
    SeatProfile("seat-1", "王静", "330203", {"social-security": 8, "medical-insurance": 6}, ("330200",), ("zh", "en")),
    SeatProfile("seat-2", "李强", "330203", {"civil-affairs": 7, "public-security": 7}, ("330200",)),
    SeatProfile("seat-3", "陈洁", "330226", {"market": 9, "housing": 6}, ("330200",)),
    SeatProfile("seat-4", "赵敏", "330226", {"*": 4}, ("330000",), ("zh", "en")),
)

_KIOSKS = (
    KioskProfile("kiosk-1", "海曙区古林镇便民服务中心 1 号屋", "330203"),
    KioskProfile("kiosk-2", "宁海县前童镇便民服务中心 1 号屋", "330226"),
)

DEMO_CATALOGUE = Catalogue(_DEPARTMENTS, _ITEMS, _REGIONS, _SEATS, _KIOSKS)
"""What `Settings()` serves when it is not told anything else."""
