"""How to cite the methods and measures of the report, as BibTeX."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: Of outputs of WCT that noise makes different, and of the pixel distance between outputs.
_PERTURBATION = """@inproceedings{wang2020diversified,
  title     = {Diversified Arbitrary Style Transfer via Deep Feature Perturbation},
  author    = {Wang, Zhizhong and Zhao, Lei and Chen, Haibo and Qiu, Lihong and Mo, Qihang and
               Lin, Sihuan and Xing, Wei and Lu, Dongming},
  booktitle = {IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)},
  year      = {2020}
}"""

#: Name in the table of methods -> BibTeX.
METHODS: Mapping[str, str] = MappingProxyType(
    {
        "dfr": """@inproceedings{nguyen2021dfr,
  title     = {Deep Feature Rotation for Multimodal Image Style Transfer},
  author    = {Nguyen, Son Truong and Tuyen, Nguyen Quang and Phuc, Nguyen Hong},
  booktitle = {NAFOSTED Conference on Information and Computer Science (NICS)},
  year      = {2021},
  note      = {arXiv:2202.04426}
}""",
        "decormst": """@article{tuyen2021decormst,
  title   = {Deep Correlation Multimodal Neural Style Transfer},
  author  = {Tuyen, Nguyen Quang and Nguyen, Son Truong and Choi, Tae Jong and Dinh, Vinh Quang},
  journal = {IEEE Access},
  year    = {2021},
  doi     = {10.1109/ACCESS.2021.3120104}
}""",
        "gatys": """@inproceedings{gatys2016image,
  title     = {Image Style Transfer Using Convolutional Neural Networks},
  author    = {Gatys, Leon A. and Ecker, Alexander S. and Bethge, Matthias},
  booktitle = {IEEE Conference on Computer Vision and Pattern Recognition (CVPR)},
  year      = {2016}
}""",
        "feedforward": """@inproceedings{ghiasi2017exploring,
  title     = {Exploring the Structure of a Real-Time, Arbitrary Neural Artistic Stylization
               Network},
  author    = {Ghiasi, Golnaz and Lee, Honglak and Kudlur, Manjunath and Dumoulin, Vincent and
               Shlens, Jonathon},
  booktitle = {British Machine Vision Conference (BMVC)},
  year      = {2017},
  note      = {arXiv:1705.06830}
}""",
        "adain": """@inproceedings{huang2017arbitrary,
  title     = {Arbitrary Style Transfer in Real-time with Adaptive Instance Normalization},
  author    = {Huang, Xun and Belongie, Serge},
  booktitle = {IEEE International Conference on Computer Vision (ICCV)},
  year      = {2017}
}""",
        "microast": """@inproceedings{wang2023microast,
  title     = {{MicroAST}: Towards Super-Fast Ultra-Resolution Arbitrary Style Transfer},
  author    = {Wang, Zhizhong and Zhao, Lei and Zuo, Zhiwen and Li, Ailin and Chen, Haibo and
               Xing, Wei and Lu, Dongming},
  booktitle = {AAAI Conference on Artificial Intelligence},
  year      = {2023}
}""",
        "wct": """@inproceedings{li2017universal,
  title     = {Universal Style Transfer via Feature Transforms},
  author    = {Li, Yijun and Fang, Chen and Yang, Jimei and Wang, Zhaowen and Lu, Xin and
               Yang, Ming-Hsuan},
  booktitle = {Advances in Neural Information Processing Systems (NIPS)},
  year      = {2017}
}

@inproceedings{wang2020collaborative,
  title     = {Collaborative Distillation for Ultra-Resolution Universal Style Transfer},
  author    = {Wang, Huan and Li, Yijun and Wang, Yuehai and Hu, Haoji and Yang, Ming-Hsuan},
  booktitle = {IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)},
  year      = {2020}
}

"""
        + _PERTURBATION,
        "adaattn": """@inproceedings{liu2021adaattn,
  title     = {{AdaAttN}: Revisit Attention Mechanism in Arbitrary Neural Style Transfer},
  author    = {Liu, Songhua and Lin, Tianwei and He, Dongliang and Li, Fu and Wang, Meiling and
               Li, Xin and Sun, Zhengxing and Li, Qian and Ding, Errui},
  booktitle = {IEEE/CVF International Conference on Computer Vision (ICCV)},
  year      = {2021}
}""",
        "safin": """@inproceedings{singh2021safin,
  title     = {{SAFIN}: Arbitrary Style Transfer with Self-Attentive Factorized Instance
               Normalization},
  author    = {Singh, Aaditya and Hingane, Shreeshail and Gong, Xinyu and Wang, Zhangyang},
  booktitle = {IEEE International Conference on Multimedia and Expo (ICME)},
  year      = {2021}
}""",
        "lst": """@inproceedings{li2019learning,
  title     = {Learning Linear Transformations for Fast Image and Video Style Transfer},
  author    = {Li, Xueting and Liu, Sifei and Kautz, Jan and Yang, Ming-Hsuan},
  booktitle = {IEEE Conference on Computer Vision and Pattern Recognition (CVPR)},
  year      = {2019}
}""",
    }
)

#: What a measure comes from -> BibTeX.
MEASURES: Mapping[str, str] = MappingProxyType(
    {
        "LPIPS": """@inproceedings{zhang2018unreasonable,
  title     = {The Unreasonable Effectiveness of Deep Features as a Perceptual Metric},
  author    = {Zhang, Richard and Isola, Phillip and Efros, Alexei A. and Shechtman, Eli and
               Wang, Oliver},
  booktitle = {IEEE Conference on Computer Vision and Pattern Recognition (CVPR)},
  year      = {2018}
}""",
        "E and C statistics": """@inproceedings{yeh2020improving,
  title     = {Improving Style Transfer with Calibrated Metrics},
  author    = {Yeh, Mao-Chuang and Tang, Shuai and Bhattad, Anand and Zou, Chuhang and
               Forsyth, David},
  booktitle = {IEEE Winter Conference on Applications of Computer Vision (WACV)},
  year      = {2020},
  note      = {arXiv:1910.09447}
}""",
        "SSIM": """@article{wang2004image,
  title   = {Image Quality Assessment: From Error Visibility to Structural Similarity},
  author  = {Wang, Zhou and Bovik, Alan C. and Sheikh, Hamid R. and Simoncelli, Eero P.},
  journal = {IEEE Transactions on Image Processing},
  volume  = {13},
  number  = {4},
  year    = {2004}
}""",
        "CFSD": """@inproceedings{chung2024styleid,
  title     = {Style Injection in Diffusion: A Training-Free Approach for Adapting Large-Scale
               Diffusion Models for Style Transfer},
  author    = {Chung, Jiwoo and Hyun, Sangeek and Heo, Jae-Pil},
  booktitle = {IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)},
  year      = {2024}
}""",
        "SIFID-like distance": """@inproceedings{shaham2019singan,
  title     = {{SinGAN}: Learning a Generative Model from a Single Natural Image},
  author    = {Shaham, Tamar Rott and Dekel, Tali and Michaeli, Tomer},
  booktitle = {IEEE/CVF International Conference on Computer Vision (ICCV)},
  year      = {2019}
}""",
        "Learned contours (HED)": """@inproceedings{xie2015hed,
  title     = {Holistically-Nested Edge Detection},
  author    = {Xie, Saining and Tu, Zhuowen},
  booktitle = {IEEE International Conference on Computer Vision (ICCV)},
  year      = {2015}
}""",
        "Pixel distance": _PERTURBATION,
        "FID": """@inproceedings{heusel2017gans,
  title     = {{GANs} Trained by a Two Time-Scale Update Rule Converge to a Local {Nash}
               Equilibrium},
  author    = {Heusel, Martin and Ramsauer, Hubert and Unterthiner, Thomas and Nessler, Bernhard
               and Hochreiter, Sepp},
  booktitle = {Advances in Neural Information Processing Systems (NIPS)},
  year      = {2017}
}""",
        "KID": """@inproceedings{binkowski2018demystifying,
  title     = {Demystifying {MMD} {GANs}},
  author    = {Bi{\\'n}kowski, Miko{\\l}aj and Sutherland, Danica J. and Arbel, Michael and
               Gretton, Arthur},
  booktitle = {International Conference on Learning Representations (ICLR)},
  year      = {2018}
}""",
        "ArtFID": """@inproceedings{wright2022artfid,
  title     = {{ArtFID}: Quantitative Evaluation of Neural Style Transfer},
  author    = {Wright, Matthias and Ommer, Bj{\\"o}rn},
  booktitle = {German Conference on Pattern Recognition (GCPR)},
  year      = {2022}
}""",
        "Vendi score": """@article{friedman2023vendi,
  title   = {The Vendi Score: A Diversity Evaluation Metric for Machine Learning},
  author  = {Friedman, Dan and Dieng, Adji Bousso},
  journal = {Transactions on Machine Learning Research},
  year    = {2023}
}""",
        "Vendi score times quality": """@inproceedings{nguyen2024quality,
  title     = {Quality-Weighted Vendi Scores And Their Application To Diverse Experimental Design},
  author    = {Nguyen, Quan and Dieng, Adji Bousso},
  booktitle = {International Conference on Machine Learning (ICML)},
  year      = {2024}
}""",
    }
)

#: What the ranking by votes comes from -> BibTeX.
VOTES: Mapping[str, str] = MappingProxyType(
    {
        "Strengths by votes (Bradley-Terry, Davidson's ties)": """@article{davidson1970,
  title   = {On Extending the {Bradley-Terry} Model to Accommodate Ties in Paired Comparison
             Experiments},
  author  = {Davidson, Roger R.},
  journal = {Journal of the American Statistical Association},
  volume  = {65},
  number  = {329},
  year    = {1970}
}""",
        "Intervals of votes (people, contents and styles vary)": r"""@article{cameron2011robust,
  title   = {Robust Inference With Multiway Clustering},
  author  = {Cameron, A. Colin and Gelbach, Jonah B. and Miller, Douglas L.},
  journal = {Journal of Business \& Economic Statistics},
  volume  = {29},
  number  = {2},
  year    = {2011}
}""",
        "Agreement of voters (Krippendorff's alpha)": """@book{krippendorff2004content,
  title     = {Content Analysis: An Introduction to Its Methodology},
  author    = {Krippendorff, Klaus},
  publisher = {Sage},
  edition   = {2},
  year      = {2004}
}""",
    }
)
